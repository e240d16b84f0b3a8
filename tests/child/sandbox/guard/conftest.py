"""One generator for the tests of what the guard does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.generators.probe import Probes, open_probes


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probes]:
    """Runs code as a generator runs."""
    with open_probes(tmp_path_factory.mktemp("probes")) as running:
        yield running
