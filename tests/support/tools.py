"""Tools that tests need beside Python packages: find or build them, or report them as missing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from support.cluster.artifacts.binaries import MissingToolError, folder_of


def built(tools: str) -> Path:
    """Build a set of binaries from their Go modules, unless the cache has it.

    Args:
        tools: a folder of `hack/cluster`, e.g. `helm`.

    Returns:
        The folder of the binaries. Without them the test is skipped, or fails: see `missing`.
    """
    try:
        return folder_of(tools)
    except (MissingToolError, subprocess.SubprocessError) as error:
        missing(f"{tools} cannot be built: {error}")


def missing(what: str) -> NoReturn:
    """End the test because a tool is missing: skip it, or fail it if VRDATA_REQUIRE is `all`.

    Args:
        what: which tool is missing and how to install it.
    """
    if os.environ.get("VRDATA_REQUIRE") == "all":
        pytest.fail(what)
    pytest.skip(what)
