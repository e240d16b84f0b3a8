"""The blocks of a page of the documentation, and how its steps run."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from vrdata.cli.main import app

ROOT = Path(__file__).parents[3]
_BLOCK = re.compile(r"(?:<!-- file: (\S+) -->\n)?^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
STEP_SECONDS = 120


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        file: the file that it is written to; empty for none.
    """

    file: str
    language: str
    text: str


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    text = (ROOT / page).read_text()
    found = [Block(*match) for match in _BLOCK.findall(text)]
    assert text.count("```") == 2 * len(found), f"{page}: a fence is not closed"
    return found


def run(command: list[str], folder: Path, **environment: str) -> None:
    """Run one step of a page, without the Hub.

    Args:
        command: the step.
        folder: of the page.
        environment: variables to set.
    """
    tools = Path(sys.executable).parent
    done = subprocess.run(
        command,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
        | {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder / "home"),
            "VRDATA_GENERATORS": str(folder / "generators-home"),
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_OFFLINE": "1",
        }
        | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=STEP_SECONDS,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


@cache
def _command_line() -> Any:
    """The commands of vrdata, which take long to build."""
    return typer.main.get_command(app)


def parse(command: str) -> None:
    """Parse a `vrdata` line without running it. Raises click's errors."""
    words = shlex.split(command, comments=True)
    at = _command_line()
    context = at.make_context(words[0], words[1:], resilient_parsing=False)
    while hasattr(at, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        name, found, rest = at.resolve_command(context, rest)
        assert found is not None
        at = found
        context = at.make_context(name, rest, parent=context)


def names_in(module: str) -> set[str]:
    """The names that can be imported from a module, also from one whose packages are missing."""
    if not module.endswith((".torch", ".nanovlm")):
        return set(vars(import_module(module)))
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
