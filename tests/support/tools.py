"""Binaries that tests outside the cluster's own use, built from their Go modules."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from support.cluster.binaries import MissingToolError, folder_of


def built(tools: str) -> Path:
    """The folder of a set of binaries; without it the test fails or is skipped, loudly."""
    try:
        return folder_of(tools)
    except (MissingToolError, subprocess.SubprocessError) as error:
        missing(f"{tools} cannot be built here: {error}")


def missing(what: str) -> NoReturn:
    """End the test: as a failure where everything is required, else as a loud skip."""
    if os.environ.get("VRDATA_REQUIRE") == "all":
        pytest.fail(what)
    pytest.skip(f"NOT TESTED: {what}")
