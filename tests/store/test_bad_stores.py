"""Every store of tests/bad/stores: one clear error, its exit code, and no partial objects."""

from __future__ import annotations

import fnmatch
import json
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.cli import Ran, vrdata, write_run
from support.services.s3server import S3Server
from support.services.small_disk import mounted_disk
from support.services.weak_s3 import running_weak_s3
from support.trees import read_tree

pytestmark = pytest.mark.slow

CORPUS = sorted((Path(__file__).parents[1] / "bad" / "stores").glob("*.yaml"))
ANYBODY = {
    "AWS_ACCESS_KEY_ID": "any",
    "AWS_SECRET_ACCESS_KEY": "any",
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
}


@dataclass
class Place:
    """The store of a case.

    Attributes:
        names: values of the placeholders `{bucket}`, `{endpoint}`, `{disk}`, `{tmp}` of a case.
        environment: variables of the command.
        contents: all objects of the store, by name.
    """

    names: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)
    contents: Callable[[], dict[str, bytes]] = dict

    def fill(self, text: str) -> str:
        """A text of the case with its placeholders replaced."""
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", value)
        return text


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def open_place(
    case: dict[str, Any], tmp_path: Path, stack: ExitStack, request: pytest.FixtureRequest
) -> Place:
    """Start the server or mount the disk that the case needs."""
    place = Place({"tmp": str(tmp_path)}, contents=lambda: read_tree(tmp_path / "out"))
    if "disk" in case:
        disk = stack.enter_context(mounted_disk(tmp_path / "disk", case["disk"]))
        place.names["disk"] = str(disk)
        place.contents = lambda: read_tree(disk)
    match case.get("server"):
        case "real":
            server: S3Server = request.getfixturevalue("s3_server")
            bucket = server.make_bucket(f"bad-{uuid.uuid4().hex[:12]}")
            place.names |= {"bucket": bucket, "endpoint": server.endpoint}
            place.environment = server.environment
            place.contents = lambda: read_tree(server.folder)
        case "weak" | "read-only":
            weak = stack.enter_context(running_weak_s3())
            weak.read_only = case["server"] == "read-only"
            place.names["endpoint"] = weak.endpoint
            place.environment = ANYBODY
            place.contents = lambda: dict(weak.objects)
        case "closed":
            taken = stack.enter_context(socket.socket())
            taken.bind(("127.0.0.1", 0))  # bound but not listening: no other process can use it
            place.names["endpoint"] = f"http://127.0.0.1:{taken.getsockname()[1]}"
            place.environment = ANYBODY
    return place


def run(case: dict[str, Any], place: Place, folder: Path, samples: int) -> Ran:
    spec = write_run(folder / "run.yaml", {"O-maze": samples}, block_size=3, shard_size=3)
    options = [place.fill(option) for option in case.get("options", [])]
    return vrdata(
        *("run", spec, "--local", "--jobs", 1, "--out", place.fill(case["out"]), *options),
        **place.environment | case.get("environment", {}),
    )


def prepare(before: dict[str, Any], case: dict[str, Any], place: Place, folder: Path) -> None:
    """Create what exists before the case: a file, or another finished run."""
    if "file" in before:
        (folder / before["file"]).parent.mkdir(parents=True, exist_ok=True)
        (folder / before["file"]).write_text("mine")
    if "samples" in before:
        ran = run(case, place, folder, before["samples"])
        assert ran.code == 0, ran.err
        assert [word for word in before.get("words", []) if word not in ran.err] == [], ran.err
        assert place.contents(), "the first run wrote somewhere else"


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in CORPUS])
def test_a_bad_store_gives_one_clear_error_and_keeps_its_objects(
    path: Path, tmp_path: Path, stack: ExitStack, request: pytest.FixtureRequest
) -> None:
    case = yaml.safe_load(path.read_text())
    place = open_place(case, tmp_path, stack, request)
    prepare(case.get("before", {}), case, place, tmp_path)
    before = place.contents()
    ran = run(case, place, tmp_path, samples=6)
    assert ran.code == case["exit"], ran.err
    missing = [word for word in map(place.fill, case["words"]) if word not in ran.err]
    assert missing == [], ran.err
    assert ran.err.count("error:") == case.get("errors", 1), ran.err
    assert "Traceback" not in ran.out + ran.err
    assert [word for word in case.get("never", []) if word in ran.out + ran.err] == []
    after = place.contents()
    assert {name: after.get(name) for name in before} == before
    for name in after.keys() - before.keys():
        kept = case.get("keeps", [])
        assert any(fnmatch.fnmatch(name, f"*/{pattern}") for pattern in kept), name
        assert json.loads(after[name]), f"{name} is not whole"


def test_the_corpus_exists() -> None:
    assert len(CORPUS) >= 15
