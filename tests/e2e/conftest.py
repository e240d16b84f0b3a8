"""Homes with trap repositories, made once for each test process."""

from pathlib import Path

import pytest

from support.trap_bodies import DETERMINISTIC
from support.traps import add_traps


@pytest.fixture(scope="session")
def traps_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with every trap that vrdata makes deterministic, and those that must be armed."""
    armed = ("failing", "hungry", "stuck", "growing", "seedless", "limited")
    return add_traps(tmp_path_factory.mktemp("traps"), *DETERMINISTIC, *armed)
