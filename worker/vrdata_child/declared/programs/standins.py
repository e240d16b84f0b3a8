"""Write the stand-in programs into the folder of a block."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import vrdata_child
from vrdata_child.declared.programs.run import PROGRAMS

BIN = "bin"
MODULES = "modules"
_RUN = (
    "import sys; sys.path.append(sys.argv.pop(1));"
    "from vrdata_child.declared.programs.run import main; main()"
)
_SITE = """\
import sys; sys.path.append({packages!r})
from pathlib import Path
from vrdata_child.declared import join; join(Path({folder!r}))
"""
_PIP = """\
import sys; sys.path.append({packages!r})
sys.argv[:1] = ["pip", {folder!r}, "pip"]
from vrdata_child.declared.programs.run import main; main()
"""


def write(folder: Path) -> Path:
    """Write the programs, and the modules of started interpreters; return the programs' folder.

    Args:
        folder: of the block, absolute and without links.
    """
    packages = str(Path(vrdata_child.__file__).parents[1])
    programs = folder / BIN
    programs.mkdir(exist_ok=True)
    for name in PROGRAMS:
        # No site packages and no settings from the environment: only vrdata's own code runs.
        words = [sys.executable, "-I", "-S", "-c", _RUN, packages, str(folder), name]
        path = programs / name
        path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        path.chmod(0o755)
    modules = folder / MODULES
    (modules / "pip").mkdir(parents=True, exist_ok=True)
    values = {"packages": packages, "folder": str(folder)}
    (modules / "sitecustomize.py").write_text(_SITE.format(**values))
    (modules / "pip" / "__init__.py").write_text("")
    (modules / "pip" / "__main__.py").write_text(_PIP.format(**values))
    return programs
