"""Accounts to install into: one of each system, and a Linux one where the system is no matter."""

from __future__ import annotations

from pathlib import Path

import pytest
from scratch import SYSTEMS, Account


@pytest.fixture(params=SYSTEMS)
def anyone(request: pytest.FixtureRequest, tmp_path: Path) -> Account:
    return Account(request.param, tmp_path)


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account("linux", tmp_path)
