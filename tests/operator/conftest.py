"""Fixtures of the operator's tests."""

from __future__ import annotations

import pytest

from support.lives import Life, profile_object
from support.plans.imports import ALLOWED


@pytest.fixture
def life() -> Life:
    """An operator, a cluster and a store with one profile and no run."""
    return Life()


@pytest.fixture
def importing(life: Life) -> Life:
    """An operator whose profile allows the source of an import."""
    life.install(profile_object(sources=ALLOWED))
    return life
