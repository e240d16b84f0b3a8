"""The advice of `verify` and `run`, followed literally, results in a verified dataset."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import called, vrdata, write_run

pytestmark = pytest.mark.slow

NAME = "O-maze"
ROUNDS = 3


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with run.yaml and its finished run in out/."""
    folder = tmp_path_factory.mktemp("finished")
    run = write_run(folder / "run.yaml", {NAME: 4}, shard_size=2, block_size=2)
    assert vrdata("run", run, "--local", "--out", folder / "out").code == 0
    return folder


def remove(*keys: str) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        for key in keys:
            (run / key).unlink()

    return change


def flip(key: str, position: int = 600) -> Callable[[Path], None]:
    """Change a byte; the size stays."""

    def change(run: Path) -> None:
        body = bytearray((run / key).read_bytes())
        body[position % len(body)] ^= 1
        (run / key).write_bytes(body)

    return change


def truncate(key: str) -> Callable[[Path], None]:
    return lambda run: (run / key).write_bytes((run / key).read_bytes()[:-100])


def write(key: str, text: str) -> Callable[[Path], None]:
    return lambda run: Path(run / key).write_text(text)


DATA = f"shards/{NAME}/{NAME}-000000.tar"
MARKER = f"_vrdata/commits/{NAME}/000000.json"
DAMAGES: dict[str, Callable[[Path], None]] = {
    "a lost data object": remove(DATA),
    "a changed data object": flip(DATA),
    "a truncated commit marker": truncate(MARKER),
    "the success of other data": write("_SUCCESS", "sha256:" + "0" * 64 + "\n"),
    "a summary that is no JSON": write("dataset.json", "{"),
    "data and everything derived": remove(DATA, "dataset.json", "_SUCCESS", "README.md"),
}


def follow(line: str, folder: Path, run: Path) -> None:
    """Do what one line of advice says: remove what it names, run the command that it names."""
    for key in re.findall(r"remove (\S+), then", line):
        target = run / key
        shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
    for command in re.findall(r"vrdata run FILE --local --out OUT", line):
        words = shlex.split(command.replace("FILE", "run.yaml").replace("OUT", "out"))
        vrdata(*words[1:], cwd=folder)


@pytest.mark.parametrize("damage", DAMAGES)
def test_following_every_line_of_verify_restores_the_dataset(
    finished: Path, tmp_path: Path, damage: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(finished, folder)
    run = folder / "out/default/demo"
    expected = (run / "_SUCCESS").read_text()
    DAMAGES[damage](run)
    for _ in range(ROUNDS):
        checked = called("verify", run)
        if checked.code == 0:
            break
        advice = [line for line in checked.err.splitlines() if "run the same file" in line]
        assert advice, checked.err
        for line in advice:
            follow(line, folder, run)
    assert checked.code == 0, checked.err
    assert (run / "_SUCCESS").read_text() == expected


def test_the_advice_on_a_run_over_its_budget_makes_it_succeed(
    tmp_path: Path, traps_home: Path
) -> None:
    spec = {
        "generators": [{"name": "O-failing", "samples": 20, "args": ["--armed"]}],
        "failurePolicy": {"retries": 0, "maxFailedSamples": 1},
        "shardSize": 10,
    }
    path = write_run(tmp_path / "run.yaml", {}, extra=spec)
    arguments = ("run", path, "--local", "--out", tmp_path / "out", "--generators", traps_home)
    first = vrdata(*arguments)
    checked = called("verify", tmp_path / "out")
    assert (first.code, checked.code) == (1, 1)
    for text in (first.out, checked.err):
        found = re.search(r"[Ss]et (?:failurePolicy\.maxFailedSamples|it) to (\d+)", text)
        assert found, text
    spec["failurePolicy"] = {"retries": 0, "maxFailedSamples": int(found[1])}
    write_run(path, {}, extra=spec)
    assert vrdata(*arguments).code == 4
    assert called("verify", tmp_path / "out").code == 0
