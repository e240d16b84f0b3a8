"""A local run of a hostile generator, by a user who has secrets."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.attempts.hostile.refused import WAYS
from support.attempts.repository import spec, told, write_hostile
from support.attempts.users import as_ordinary_user
from support.cli import DEADLINE_SECONDS, command, write_run
from support.generators.repositories import RunningInterpreter
from vrdata_child.sandbox import landlock
from vrdata_generators.adapter.adding import Added, Adder
from vrdata_generators.adapter.home import Home
from vrdata_generators.adapter.source.locations import GeneratorSource

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(landlock.version() == 0, reason="needs Landlock"),
]
SECRET = "PLANTED-value"  # noqa: S105 - a test looks for it


@pytest.fixture
def generators(tmp_path: Path) -> Path:
    """A home with the hostile generator."""
    home = Home(tmp_path / "home")
    adder = Adder(home, RunningInterpreter(), False, lambda _line: None)
    for result in adder.add(GeneratorSource(str(write_hostile(tmp_path)))):
        assert isinstance(result, Added), result.error
    return home.path


@pytest.fixture
def user(tmp_path: Path) -> dict[str, str]:
    """The variables of a user with secrets in them, in ~/.aws and in a token file."""
    for name in (".aws/credentials", ".ssh/id_rsa", "token"):
        path = tmp_path / "user" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SECRET)
    return {
        "HOME": str(tmp_path / "user"),
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "HF_TOKEN": SECRET,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "user" / "token"),
    }


@pytest.mark.parametrize("who", ["this user", "an ordinary user"])
def test_a_run_completes_and_nothing_that_it_attempts_succeeds(
    tmp_path: Path, generators: Path, user: dict[str, str], who: str
) -> None:
    places = {name: str(tmp_path / "user" / name) for name in (".aws/credentials", "token")}
    world = {"secret": str(tmp_path / "user" / ".ssh/id_rsa"), "places": places}
    for root in (generators / "repos").iterdir():
        (root / "world.json").write_text(json.dumps(world))
    run = write_run(tmp_path / "run.yaml", {}, output_format="files", extra=spec())
    out = tmp_path / "out"
    words = ("run", run, "--local", "--out", out, "--generators", generators)
    started = command(*words)
    done = subprocess.run(
        as_ordinary_user(started) if who == "an ordinary user" and not os.getuid() else started,
        env=os.environ | user,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (prompt,) = out.rglob("prompt.txt")
    met = told(prompt.read_text())
    assert {way: open_ones for way, (_, open_ones) in met.items()} == {way: {} for way in WAYS}
    assert met["started"][0] > 100
    assert SECRET not in done.stdout + done.stderr
    assert list(with_secret(out)) == []


def with_secret(folder: Path) -> Iterator[Path]:
    """The files below a folder that contain the secret."""
    for path in folder.rglob("*"):
        if path.is_file() and SECRET.encode() in path.read_bytes():
            yield path
