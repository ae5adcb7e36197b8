"""One match for all tests of the tools to look at."""

import sys
from pathlib import Path

import pytest
from matched import Shots

sys.path.append(str(Path(__file__).parents[1] / "unit"))  # `movies`, which makes them


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Shots:
    return Shots(tmp_path_factory.mktemp("shots"))
