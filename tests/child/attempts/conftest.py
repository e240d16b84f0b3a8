"""Probes for the tests of this folder."""

from collections.abc import Iterator

import pytest

from support.generators.probe import Probes, open_probes


@pytest.fixture(scope="package")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probes]:
    """Runs code as a generator runs; one template for the whole folder."""
    with open_probes(tmp_path_factory.mktemp("probes")) as running:
        yield running
