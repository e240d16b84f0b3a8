"""Make all attempts: from Python, from started programs, and by raw system calls."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import files, kernel, network, others
from .attempt import Attempt, World, look_around
from .raw import compiled, line_of, make

OPEN = "open"
_DEADLINE = 60


def table(world: World, only: tuple[str, ...] = ()) -> list[Attempt]:
    """All attempts, or those with these names."""
    groups = (network, others, files, kernel)
    every = [attempt for group in groups for attempt in group.attempts(world)]
    return [attempt for attempt in every if not only or attempt.name in only]


def results(repository: str, block: str, only: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    """What each attempt meets in each way: the name of an error, or `open`.

    Args:
        repository: the folder of the generator.
        block: the folder of the block.
        only: names of attempts; none = all.
    """
    world = look_around(repository, block)
    attempts = table(world, only)
    found: dict[str, dict[str, Any]] = {
        one.name: {"expected": one.errors, "named": one.named, "shell command": one.shell}
        for one in attempts
    }
    for one in attempts:
        found[one.name]["python"] = _met(one.python)
        if one.raw:
            found[one.name]["raw"] = _met(lambda one=one: make(one.raw))
    ways = {"started": _started(world, only), "compiled": _compiled(world, attempts)}
    ways["shell"] = _shell(attempts)
    for way, met in ways.items():
        for name, value in met.items():
            found[name][way] = value
    return found


def _met(way: Callable[[], object]) -> str:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            way()
    except InterruptedError as error:
        return signal.Signals(error.errno or 0).name
    except OSError as error:
        if error.errno is not None and error.errno < 0:  # of getaddrinfo
            return {-2: "EAI_NONAME", -3: "EAI_AGAIN"}.get(error.errno, str(error))
        return errno.errorcode.get(error.errno or 0, str(error))
    return OPEN


def _started(world: World, only: tuple[str, ...]) -> dict[str, str]:
    """From a Python that knows nothing of vrdata."""
    here = Path(__file__).parents[1]
    code = f"import sys; sys.path.insert(0, {str(here)!r}); from hostile.run import again; again()"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        input=json.dumps([asdict(world), only]),
        capture_output=True,
        text=True,
        check=False,
        timeout=_DEADLINE,
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def again() -> None:
    """In the started Python: print what each attempt meets."""
    world, only = json.load(sys.stdin)
    print(json.dumps({one.name: _met(one.python) for one in table(World(**world), tuple(only))}))


def _compiled(world: World, attempts: list[Attempt]) -> dict[str, str]:
    program = compiled(Path(world.block))
    if not program:
        return {}
    raw = [one for one in attempts if one.raw]
    lines = "".join(f"{line_of(one.raw)}\n" for one in raw)
    done = subprocess.run(
        [program], input=lines, capture_output=True, text=True, check=True, timeout=_DEADLINE
    )
    codes = map(int, done.stdout.split())
    return {
        one.name: errno.errorcode.get(code, str(code)) if code else OPEN
        for one, code in zip(raw, codes, strict=True)
    }


def _shell(attempts: list[Attempt]) -> dict[str, str]:
    """From sh and the tools of the system; those that are missing are left out."""
    asked = [one for one in attempts if one.shell and shutil.which(one.shell.split()[0])]
    asked += [one for one in attempts if one.shell.startswith(("echo ", "exec ", "kill "))]
    with ThreadPoolExecutor(4) as pool:
        return dict(zip([one.name for one in asked], pool.map(_by_shell, asked), strict=True))


def _by_shell(attempt: Attempt) -> str:
    done = subprocess.run(
        ["sh", "-c", attempt.shell],
        capture_output=True,
        text=True,
        check=False,
        timeout=_DEADLINE,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", os.defpath)},
    )
    text = " ".join(done.stderr.split())
    return OPEN if done.returncode == 0 else f"exit code {done.returncode}: {text}"[:200]
