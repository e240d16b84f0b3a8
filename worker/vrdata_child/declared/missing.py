"""Record the programs that a pipeline starts and that are not installed."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

from vrdata_child.declared.refusing import Recorder


def install(recorder: Recorder) -> None:
    """Record them from now on, in this process and in those that it forks."""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            name = _missing(args[0], args[3])
            if name:
                recorder.add(f"start {name}, which is not installed")

    sys.addaudithook(hook)


def _missing(program: Any, environ: Any) -> str:
    """The name of a program if no folder of PATH has it, else ""."""
    try:
        name = os.fsdecode(program)
        path = (os.environ if environ is None else environ).get("PATH", os.defpath)
        return "" if "/" in name or shutil.which(name, path=path) else name
    except (AttributeError, TypeError, ValueError):
        return ""  # the call itself raises the error
