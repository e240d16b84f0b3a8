"""Fixtures of the operator's tests."""

from __future__ import annotations

import pytest

from support.lives import Life


@pytest.fixture
def life() -> Life:
    """An operator, a cluster and a store with one profile and no run."""
    return Life()
