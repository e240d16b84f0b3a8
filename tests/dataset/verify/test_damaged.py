"""Every recipe of tests/bad/damaged: the damage is found and named, and nothing else."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from support.cli import vrdata, write_run
from support.datasets.repack import repack
from vrdata.cli.main import app
from vrdata.dataset.codec import describe_records

pytestmark = pytest.mark.slow

CORPUS = sorted((Path(__file__).parents[2] / "bad" / "damaged").glob("*.yaml"))
GENERATOR, SAMPLES = "O-sliding-tiles", 6

MakeDataset = Callable[[str], Path]


def flip(folder: Path, step: dict[str, Any]) -> None:
    """Flip one bit shortly after a word."""
    path = folder / step["file"]
    body = bytearray(path.read_bytes())
    body[body.index(step["after"].encode()) + 8] ^= 1
    path.write_bytes(body)


def cut(folder: Path, step: dict[str, Any]) -> None:
    """Keep the first bytes of a file."""
    path = folder / step["file"]
    assert path.stat().st_size > step["bytes"]
    path.write_bytes(path.read_bytes()[: step["bytes"]])


def remove(folder: Path, name: str) -> None:
    """Remove a file, or everything (`.`)."""
    if name == ".":
        shutil.rmtree(folder)
        folder.mkdir()
    else:
        (folder / name).unlink()


def copy(folder: Path, step: dict[str, Any]) -> None:
    """Copy a file."""
    shutil.copyfile(folder / step["from"], folder / step["to"])


def write(folder: Path, step: dict[str, Any]) -> None:
    """Write a text."""
    (folder / step["file"]).parent.mkdir(parents=True, exist_ok=True)
    (folder / step["file"]).write_text(step["text"])


def swap(folder: Path, names: list[str]) -> None:
    """Exchange two files."""
    first, second = (folder / name for name in names)
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)


def edit(folder: Path, step: dict[str, Any]) -> None:
    """Change one value of a JSON file, named by the keys and positions that lead to it."""
    with json_place(folder, step) as (place, last):
        assert place[last] != step["value"]
        place[last] = step["value"]


def drop(folder: Path, step: dict[str, Any]) -> None:
    """Take one value out of a JSON file."""
    with json_place(folder, step) as (place, last):
        del place[last]


def widen(folder: Path, step: dict[str, Any]) -> None:
    """Make the first line of a file longer, with spaces that JSON ignores."""
    path = folder / step["file"]
    path.write_bytes(b"{" + b" " * step["bytes"] + path.read_bytes()[1:])


def swap_lines(folder: Path, step: dict[str, Any]) -> None:
    """Exchange two lines of a commit marker, whose digest is updated."""
    first, second = step["lines"]
    with json_place(folder, step | {"at": [first]}) as (lines, _):
        lines[first], lines[second] = lines[second], lines[first]


@contextmanager
def json_place(folder: Path, step: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """The container of the value that a step names, and its key there; written back afterwards.

    A commit marker is the list of its lines; its digest is updated unless `sign` is false.
    """
    path = folder / step["file"]
    is_marker = path.is_relative_to(folder / "_vrdata" / "commits")
    text = path.read_text()
    document = [json.loads(line) for line in text.splitlines()] if is_marker else json.loads(text)
    *way, last = step["at"]
    place = document
    for key in way:
        place = place[key]
    yield place, last
    if not is_marker:
        path.write_text(json.dumps(document))
        return
    head, *records = document
    lines = [json.dumps(record).encode() for record in records]
    if step.get("sign", True):
        head["records"] = describe_records(lines).to_dict()
    path.write_bytes(b"\n".join([json.dumps(head).encode(), *lines, b""]))


def repeat_member(folder: Path, name: str) -> None:
    """Append the first member of a tar to it."""
    with tarfile.open(folder / name) as archive:
        member = archive.getmembers()[0]
        opened = archive.extractfile(member)
        assert opened is not None
        body = opened.read()
    extra = folder / "extra"
    extra.write_bytes(body)
    with tarfile.open(folder / name, "a") as archive, extra.open("rb") as again:
        archive.addfile(member, again)
    extra.unlink()


STEPS: dict[str, Callable[[Path, Any], None]] = {
    "copy": copy,
    "cut": cut,
    "drop": drop,
    "edit": edit,
    "flip": flip,
    "remove": remove,
    "repack": repack,
    "repeat_member": repeat_member,
    "swap": swap,
    "swap_lines": swap_lines,
    "widen": widen,
    "write": write,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MakeDataset:
    """Returns a finished run of a format; each is generated once, by the command line."""
    folder = tmp_path_factory.mktemp("damaged")

    def make(output_format: str) -> Path:
        out = folder / output_format
        if not out.exists():
            run = write_run(
                folder / f"{output_format}.json",
                {GENERATOR: SAMPLES},
                block_size=3,
                shard_size=3,
                output_format=output_format,
            )
            ran = vrdata("run", run, "--local", "--out", out)
            assert ran.code == 0, ran.err
        return out / "default" / "demo"

    return make


def verify(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["verify", str(folder), *options])


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in CORPUS])
def test_the_damage_is_found_and_named_and_nothing_else(
    path: Path, made: MakeDataset, tmp_path: Path
) -> None:
    case = yaml.safe_load(path.read_text())
    folder = tmp_path / "demo"
    shutil.copytree(made(case.get("format", "webdataset")), folder)
    for step in case["damage"]:
        for name, arguments in step.items():
            STEPS[name](folder, arguments)
    result = verify(folder)
    assert result.exit_code == case["exit"], result.output
    assert [word for word in case["words"] if word not in result.stderr] == [], result.stderr
    assert "Traceback" not in result.output
    if case["exit"] == 1:
        report = json.loads(verify(folder, "-o", "json").stdout)
        assert report["problemCounts"] == case["problems"], result.stderr
        assert not report["ok"]
        assert "NOT verified" in result.stdout
        assert report["datasetHash"] in result.stdout
    else:
        assert result.stderr.count("error:") == 1, result.stderr
        assert result.stdout == ""


@pytest.mark.parametrize("output_format", ["webdataset", "tar", "files", "parquet"])
def test_the_undamaged_dataset_is_verified(output_format: str, made: MakeDataset) -> None:
    """The recipes start from a valid dataset, and its hash is the one that the run stored."""
    folder = made(output_format)
    result = verify(folder, "-o", "json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["ok"]
    assert report["problemCounts"] == {}
    assert report["samples"] == SAMPLES
    assert report["datasetHash"] == (folder / "_SUCCESS").read_text().strip()


def test_the_corpus_has_all_recipes() -> None:
    assert len(CORPUS) >= 20
