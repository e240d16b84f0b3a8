"""One cluster of one node for all tests, with the chart installed for all namespaces."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.attempts.repository import write_hostile
from support.cluster.artifacts.binaries import MissingToolError
from support.cluster.installation import Installation, install
from support.generators.traps import write_trap
from support.pipelines import ranged
from support.tools import missing

REPOSITORIES = ("shared", "greedy", "failing")
CURIOUS = """\
import urllib.request

from vrdata_generators.api import Converted, Converter


class Curious(Converter):
    name, domain = "M-curious", "curious"

    def convert(self, item, options):
        urllib.request.urlopen("http://10.244.0.1/", timeout=5)
        yield Converted(first=item.row["image"], prompt="never")
"""


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generator repositories in the worker image."""
    folder = tmp_path_factory.mktemp("repositories")
    for trap in REPOSITORIES:
        write_trap(folder, trap)
    write_hostile(folder)
    (folder / "M-curious").mkdir()
    (folder / "M-curious" / "converter.py").write_text(CURIOUS)
    _write_pipeline(folder)
    return folder


def _write_pipeline(folder: Path) -> None:
    """Write a pipeline, a list that names it, and the data that it is added with."""
    ranged.write_repository(folder / "M-tint")
    ranged.write_data(folder / "sources" / "tint", 4)
    (folder / "sources" / "tint.yaml").write_text(json.dumps(ranged.sources("sources/tint")))
    (folder / "list.txt").write_text("./M-tint - M-tint sources=sources/tint.yaml\n")


@pytest.fixture(scope="session")
def installed(repositories: Path) -> Iterator[Installation]:
    """The cluster; AWS variables of this process point to its bucket."""
    try:
        installation = install(repositories)
    except MissingToolError as error:
        missing(f"cannot start a cluster: {error}")
    os.environ.update(installation.bucket.environment)
    try:
        installation.helm_install(installation.values())
        yield installation
    finally:
        if not os.environ.get("VRDATA_KEEP_CLUSTER"):
            installation.node.stop()
