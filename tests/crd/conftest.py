"""One API server with the CRDs for all tests here, and helm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from support.cluster.api import ApiServer, api_server
from support.cluster.binaries import MissingToolError, binary


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A real API server that has this tree's CRDs."""
    try:
        with api_server(tmp_path_factory.mktemp("api")) as running:
            yield running
    except MissingToolError as error:
        missing(f"no API server can be made here: {error}")


@pytest.fixture(scope="session")
def helm() -> Path:
    """The helm program."""
    try:
        return binary("helm")
    except MissingToolError as error:
        missing(f"helm cannot be made here: {error}")


def missing(why: str) -> NoReturn:
    """Fail where everything is required, else skip."""
    if os.environ.get("VRDATA_REQUIRE") == "all":
        pytest.fail(why)
    pytest.skip(f"NOT TESTED: {why}")
