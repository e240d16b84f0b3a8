"""What a hostile generator attempts: from Python, from started programs, by raw system calls."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.attempts.hostile.refused import WAYS, not_refused, tried
from support.attempts.laptop import attempt_all
from support.attempts.opened import not_enclosed
from support.attempts.users import ORDINARY, as_ordinary_user
from support.tools import missing
from vrdata_child.sandbox import landlock

pytestmark = pytest.mark.skipif(landlock.version() == 0, reason="needs Landlock")
# Harmless ones that succeed without a sandbox, also without privileges.
POSSIBLE = (
    "TCP to loopback",
    "a Unix socket of another program",
    "an abstract socket of another program",
    "environ of the supervisor",
    "cwd of the supervisor",
    "signal the supervisor",
    "read the file of a secret",
    "read a key of the user",
    "write to a folder of the user",
    "write to the repository",
    "a symbolic link to a file of the user",
    "/proc/self/root",
    "openat2",
    "change the mode of a file of the user",
)
Results = dict[str, dict[str, Any]]


@pytest.fixture(scope="module", params=["this user", "an ordinary user"])
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What each attempt meets."""
    folder = tmp_path_factory.mktemp("attempts")
    if request.param == "this user":
        return attempt_all(folder)
    if os.getuid():
        pytest.skip("the tests run as an ordinary user")
    return attempts_of_ordinary_user(folder)


@pytest.mark.parametrize("way", WAYS)
def test_no_attempt_succeeds(results: Results, way: str) -> None:
    assert not_refused(results, way) == {}


def test_most_attempts_are_made_in_every_way(results: Results) -> None:
    numbers = {way: tried(results, way) for way in WAYS}
    assert numbers["python"] == numbers["started"] > 100
    assert numbers["raw"] > 100
    if shutil.which("gcc"):
        assert numbers["compiled"] == numbers["raw"]
    assert numbers["shell"] > 40


def test_without_the_sandbox_the_attempts_succeed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vrdata_worker.child.launch.enclosed", not_enclosed)
    found = attempt_all(tmp_path, POSSIBLE)
    assert found.keys() == set(POSSIBLE)
    assert {name: met["raw"] for name, met in found.items()} == dict.fromkeys(POSSIBLE, "open")
    assert not_refused(found, "raw").keys() == set(POSSIBLE)
    by_shell = {name for name, met in found.items() if "shell" in met}
    assert not_refused(found, "shell").keys() == by_shell


def attempts_of_ordinary_user(folder: Path) -> Results:
    """The attempts of a user who owns the same files and has no capabilities."""
    done = subprocess.run(
        as_ordinary_user([sys.executable, "-m", "support.attempts.laptop", str(folder)]),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode and "unshare" in done.stderr:
        missing(f"no user namespace: {done.stderr}")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["user"], found["capabilities"]) == (ORDINARY, 0)
    results: Results = found["results"]
    return results
