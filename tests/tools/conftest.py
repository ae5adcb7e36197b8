"""One match for all tests of the tools to look at."""

import pytest
from matched import Shots


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Shots:
    return Shots(tmp_path_factory.mktemp("shots"))
