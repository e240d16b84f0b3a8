"""One API server with the CRDs for all tests here."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from support.cluster.api import ApiServer, api_server
from support.cluster.binaries import MissingToolError


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A real API server that has this tree's CRDs."""
    try:
        with api_server(tmp_path_factory.mktemp("api")) as running:
            yield running
    except MissingToolError as error:
        if os.environ.get("VRDATA_REQUIRE") == "all":
            pytest.fail(f"no API server can be made here: {error}")
        pytest.skip(f"NO API SERVER TESTS: {error}")
