"""Helm, built once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.tools import built, missing


@pytest.fixture(scope="session")
def helm() -> Path:
    if shutil.which("go") is None:
        missing("the chart: Go is not installed; it fetches the schemas of Kubernetes")
    return built("helm") / "helm"
