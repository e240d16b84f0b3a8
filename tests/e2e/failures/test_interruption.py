"""Runs that are interrupted: no partial shard, no process left, nothing generated twice."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from support.cli import called, command, vrdata, write_run
from support.polling import wait_until

pytestmark = pytest.mark.slow

SHARDS = 20


@contextmanager
def started(folder: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """`vrdata ARGUMENTS` running, with its temporary files below `folder`."""
    process = subprocess.Popen(
        command(*arguments),
        env=os.environ | {"TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background ignores Ctrl-C, and what it starts would, too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one thread
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def run_arguments(folder: Path, home: Path, generator: str, *flags: str) -> list[object]:
    spec = {"generators": [{"name": generator, "samples": 10 * SHARDS, "args": list(flags)}]}
    run = write_run(folder / "run.yaml", {}, shard_size=10, extra=spec)
    place = ["--local", "--out", folder / "out", "--scratch", folder / "scratch"]
    (folder / "scratch").mkdir(exist_ok=True)
    return ["run", run, *place, "--generators", home, "--jobs", 2]


def markers(folder: Path) -> list[Path]:
    return list(folder.glob("out/default/demo/_vrdata/commits/*/*.json"))


def processes_in(folder: Path) -> list[psutil.Process]:
    """Processes that work below a folder, or have it in their arguments."""
    found = []
    for process in psutil.process_iter():
        try:
            texts = [process.cwd(), *process.cmdline()]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(folder) in text for text in texts):
            found.append(process)
    return found


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_an_interrupted_run_leaves_no_process_and_no_half_shard(
    tmp_path: Path, traps_home: Path, number: int, code: int
) -> None:
    with started(tmp_path, *run_arguments(tmp_path, traps_home, "O-shared")) as process:
        wait_until(lambda: len(markers(tmp_path)) >= 3, "three committed shards")
        process.send_signal(number)
        _, output = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in output
    wait_until(lambda: not processes_in(tmp_path), f"no process left: {processes_in(tmp_path)}")
    done = len(markers(tmp_path))
    assert done < SHARDS, "the run was interrupted too late to show anything"
    listed = vrdata(
        "plan",
        *run_arguments(tmp_path, traps_home, "O-shared")[1:2],
        "--out",
        tmp_path / "out",
        "--generators",
        traps_home,
        "-o",
        "json",
    )
    assert listed.json["committedShards"] == done


@pytest.mark.smoke
def test_after_an_interruption_only_the_missing_shards_are_generated(
    tmp_path: Path, traps_home: Path
) -> None:
    arguments = run_arguments(tmp_path, traps_home, "O-shared")
    with started(tmp_path, *arguments) as process:
        wait_until(lambda: len(markers(tmp_path)) >= 5, "five committed shards")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    before = {path: path.stat().st_mtime_ns for path in markers(tmp_path)}
    ran = vrdata(*arguments, "-o", "json")
    assert ran.code == 0, ran.err
    assert ran.json["generatedShards"] == SHARDS - len(before)
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())
    assert called("verify", tmp_path / "out").code == 0
    assert list((tmp_path / "scratch").iterdir()) == []


def test_the_next_run_removes_the_scratch_folder_of_a_killed_run(
    tmp_path: Path, traps_home: Path
) -> None:
    scratch = tmp_path / "scratch"
    with started(tmp_path, *run_arguments(tmp_path, traps_home, "O-shared")) as process:
        wait_until(lambda: len(markers(tmp_path)) >= 1, "a committed shard")
        process.kill()
    wait_until(lambda: not processes_in(tmp_path), "no process left")
    assert list(scratch.glob("vrdata-*"))
    small = write_run(tmp_path / "small.yaml", {"O-maze": 1}, name="small")
    ran = vrdata("run", small, "--local", "--out", tmp_path / "out", "--scratch", scratch)
    assert ran.code == 0, ran.err
    assert list(scratch.iterdir()) == []


def test_a_run_with_a_scratch_folder_does_not_use_the_default_one(tmp_path: Path) -> None:
    (tmp_path / f"vrdata-{os.getuid()}").write_text("This path is used.")
    run = write_run(tmp_path / "run.yaml", {"O-maze": 1})
    arguments = ("run", run, "--local", "--out", tmp_path / "out")
    refused = vrdata(*arguments, TMPDIR=str(tmp_path))
    assert refused.code == 7
    assert "--scratch DIR" in refused.err
    ran = vrdata(*arguments, "--scratch", tmp_path / "own", TMPDIR=str(tmp_path))
    assert ran.code == 0, ran.err


def test_a_second_run_writes_nothing(tmp_path: Path, traps_home: Path) -> None:
    arguments = run_arguments(tmp_path, traps_home, "O-shared")
    arguments += ["--limit", 30]
    assert vrdata(*arguments).code == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    again = vrdata(*arguments, "-o", "json")
    assert again.code == 0
    assert again.json["generatedShards"] == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before


def test_a_stuck_generator_does_not_delay_ctrl_c(tmp_path: Path, traps_home: Path) -> None:
    arguments = run_arguments(tmp_path, traps_home, "O-stuck", "--armed")
    with started(tmp_path, *arguments) as process:
        wait_until(lambda: len(processes_in(tmp_path / "scratch")) >= 4, "busy block children")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    wait_until(lambda: not processes_in(tmp_path), "no process left")


def test_another_run_at_the_same_output_is_refused_and_changes_nothing(
    tmp_path: Path, traps_home: Path
) -> None:
    arguments = run_arguments(tmp_path, traps_home, "O-shared")
    assert vrdata(*arguments, "--limit", 20).code == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    refused = vrdata(*arguments, "--limit", 30)
    assert refused.code == 3
    assert "samples" in refused.err
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before
