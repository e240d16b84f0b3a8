"""Pipelines for the tests of this folder: they run in the sandbox, without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from support.generators.probe import Probes, open_probes

FILES = {
    "train/a.txt": b"hello",
    "train/b c+d \u00e9%20.txt": b"plain",
    "train/sub/c.bin": bytes(range(256)) * 64,
    "top.csv": b"x,y\n1,2\n",
}
_START = """
import json, os, subprocess, sys
from pathlib import Path
block = Path(os.getcwd()).parent
(block / "sources.json").write_text({sources!r})
from vrdata_child import declared
declared.install(block)

def said(call):
    try:
        return repr(call())
    except Exception as error:
        return f"{{type(error).__name__}}: {{error}}"
"""


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probes]:
    """Runs code as a generator runs; one template for the whole module."""
    with open_probes(tmp_path_factory.mktemp("probes")) as running:
        staged = running.root / "staged"
        write(staged, FILES)
        write(running.root / "many", {f"{number:04d}.txt": b"" for number in range(1205)})
        yield running


class Pipelines:
    """Runs code after `declared.install`; `said(call)` is a result or an error as text."""

    def __init__(self, probes: Probes) -> None:
        self._probes = probes
        root = probes.root
        self.sources = [
            source(root / "staged", "s3://b/a/", "hf://org/name", "https://data.example/x/"),
            source(root / "many", "s3://many/"),
        ]

    def run(self, code: str) -> Any:
        """The value of `facts` that the code sets."""
        return self._probes.run(self._start() + code)

    def refused(self, code: str) -> list[str]:
        """What users read about refused attempts."""
        return self._probes.refused(self._start() + code)

    def _start(self) -> str:
        return _START.format(sources=json.dumps(self.sources))


@pytest.fixture
def pipelines(probes: Probes) -> Pipelines:
    """Runs code of a pipeline with declared sources."""
    return Pipelines(probes)


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, body in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)


def source(folder: Path, *serves: str) -> dict[str, Any]:
    """A line of `sources.json` of a staged source."""
    return {
        "place": "raw",
        "serves": list(serves),
        "folder": str(folder),
        "files": None,
        "socket": "",
    }


@pytest.fixture
def declare(tmp_path: Path) -> Callable[..., Any]:
    """Reads sources: `declare(({"name": b"body"}, "s3://bucket/"), …)`."""
    from vrdata_child.declared.sources import NAME, read

    def declare(*wanted: tuple[Any, ...]) -> Any:
        lines = []
        for number, (files, *serves) in enumerate(wanted):
            folder = tmp_path / f"source-{number}"
            folder.mkdir()
            write(folder, files)
            lines.append(source(folder, *serves))
        (tmp_path / NAME).write_text(json.dumps(lines))
        return read(tmp_path)

    return declare
