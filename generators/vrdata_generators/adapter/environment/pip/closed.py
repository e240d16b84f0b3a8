"""Run pip; every program that it starts runs in a sandbox, except for pip itself.

`python -I closed.py FOLDER PLAN ARGUMENTS...`: FOLDER contains the package `pip`, and PLAN is a
JSON file. Its `command` comes before that of each program, and gets the descriptor `report`. Its
`watch` comes before each script. The program gets an empty HOME, the variables of `environ`, and
those that pip sets for a build. This runs in the new environment: it imports the standard library.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Audit events of a started program; on Windows there are more.
_STARTS = ("subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system")
_OF_PIP = ("PIP_", "_PIP_")


def run_pip(folder: str, plan: str, arguments: list[str]) -> None:
    """Run pip in this process.

    Args:
        folder: contains the package `pip`.
        plan: the file that says how programs are sandboxed.
        arguments: for pip.

    Raises:
        SystemExit: pip ended, with its exit code.
    """
    closing = json.loads(Path(plan).read_text("utf-8"))
    _replace_popen(folder, plan, closing)
    sys.path.insert(0, folder)
    sys.argv = ["pip", *arguments]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


def _replace_popen(folder: str, plan: str, closing: Mapping[str, Any]) -> None:
    runner = Path(folder, "pip", "__pip-runner__.py").resolve()
    before = dict(os.environ)
    started = threading.local()

    def for_a_program(given: Mapping[str, str]) -> dict[str, str]:
        changed = {
            name: value
            for name, value in given.items()
            if before.get(name) != value and not name.startswith(_OF_PIP)
        }
        # Each has its own: what one build leaves in it would reach the next.
        return {**closing["environ"], **changed, "HOME": tempfile.mkdtemp(prefix="home-")}

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, args: Any, *, env: Mapping[str, str] | None = None, **rest: Any) -> None:
            if rest.get("shell") or rest.get("executable"):
                raise PermissionError(
                    "a program that is started through a shell cannot be sandboxed"
                )
            words = [args] if isinstance(args, str | os.PathLike) else list(args)
            given = os.environ if env is None else env
            if words[:1] == [sys.executable] and Path(words[1]).resolve() == runner:
                words = [sys.executable, "-I", __file__, folder, plan, *words[2:]]
            else:
                if words[0] == sys.executable and words[1:] and Path(words[1]).is_file():
                    words[1:1] = closing["watch"]
                words, given = [*closing["command"], *words], for_a_program(given)
            started.here = True
            try:
                super().__init__(words, env=given, pass_fds=(closing["report"],), **rest)
            finally:
                started.here = False

    def refuse(event: str, _arguments: object) -> None:
        if event in _STARTS and not getattr(started, "here", False):
            raise PermissionError(f"pip started a program outside the sandbox: {event}")

    subprocess.Popen = Popen  # type: ignore[assignment, misc]
    sys.addaudithook(refuse)


if __name__ == "__main__":
    run_pip(sys.argv[1], sys.argv[2], sys.argv[3:])
