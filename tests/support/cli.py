"""Run the command line as a user does, in a process of its own or in this one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from support.polling import wait_until
from support.services.old_kernel import lacking
from vrdata.cli.main import app

DEADLINE_SECONDS = 300


@dataclass(frozen=True)
class Ran:
    """One finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


def vrdata(
    *arguments: object, cwd: Path | None = None, without: tuple[str, ...] = (), **environment: str
) -> Ran:
    """Run `vrdata ARGUMENTS`; never raises for an exit code.

    Args:
        arguments: of the command.
        cwd: its working directory.
        without: parts of the sandbox that its kernel lacks (`support.services.old_kernel`).
        environment: variables to set.
    """
    done = subprocess.run(
        lacking(without, command(*arguments)) if without else command(*arguments),
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def called(*arguments: object) -> Ran:
    """As `vrdata`, in this process, which saves 2 seconds of imports."""
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ran(done.exit_code, done.stdout, done.stderr)


def kill_when(ready: Callable[[], bool], *arguments: object, **environment: str) -> None:
    """Run `vrdata ARGUMENTS`, and kill it (SIGKILL) as soon as something is ready."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(
        command(*arguments), env=os.environ | environment, start_new_session=True, **quiet
    ) as running:
        try:
            wait_until(lambda: running.poll() is not None or ready(), "what is waited for")
        finally:
            running.kill()
    assert running.returncode == -signal.SIGKILL, "it ended before it was killed"


def command(*arguments: object) -> list[str]:
    """The argument list that runs `vrdata ARGUMENTS` with the interpreter of the tests."""
    return [sys.executable, "-m", "vrdata.cli.main", *map(str, arguments)]


def write_run(
    path: Path,
    generators: dict[str, int],
    *,
    name: str = "demo",
    shard_size: int | None = None,
    output_format: str = "webdataset",
    video: str = "h264",
    block_size: int | None = None,
    start: int = 0,
    extra: dict[str, Any] | None = None,
) -> Path:
    """Write a run file; JSON is YAML. Returns the path."""
    spec: dict[str, Any] = {
        "generators": [
            {"name": generator, "samples": samples}
            | ({"blockSize": block_size} if block_size else {})
            | ({"start": start} if start else {})
            for generator, samples in generators.items()
        ],
        "output": {"format": output_format, "video": video},
    }
    if shard_size:
        spec["shardSize"] = shard_size
    document = {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationRun",
        "metadata": {"name": name},
        "spec": spec | (extra or {}),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2))
    return path
