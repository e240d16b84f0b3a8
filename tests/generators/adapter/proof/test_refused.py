"""What `generators add` and `generators test` say of refused attempts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from support.generators.commands import run
from support.generators.repositories import GENERATE, RunningInterpreter, write_repository
from vrdata.errors import VrdataError
from vrdata_child.sandbox import landlock
from vrdata_generators.adapter.adding import Added, Adder, Failed
from vrdata_generators.adapter.home import Home
from vrdata_generators.adapter.source.locations import GeneratorSource

pytestmark = pytest.mark.slow
needs_sandbox = pytest.mark.skipif(landlock.version() == 0, reason="needs the sandbox")
PYTHON = Path(sys.executable).resolve().name
TRIED = f"{PYTHON} tried to open a network connection"
EFFECT = "its samples must not depend on the network: generators have no network"
LOOP = "    for index in range(arguments.num_samples):\n"
LINE = GENERATE[: GENERATE.index(LOOP)].count("\n") + 1
CAUGHT = """    import socket
    for _ in range(3):
        try:
            socket.create_connection(("example.org", 80))
        except OSError:
            pass
"""
STARTED = """    import subprocess, sys
    code = "import socket\\ntry: socket.socket()\\nexcept OSError: pass"
    subprocess.run([sys.executable, "-c", code], check=True)
"""
RAISED = """    import socket
    socket.create_connection(("example.org", 80))
"""


def repository(folder: Path, code: str) -> Path:
    """A repository whose script runs some code before it generates samples."""
    script = GENERATE.replace(LOOP, code + LOOP)
    return write_repository(folder / "O-square", {"examples/generate.py": script})


def add(folder: Path, code: str) -> Added | Failed:
    adder = Adder(Home(folder / "home"), RunningInterpreter(), True, lambda _line: None)
    (result,) = adder.add(GeneratorSource(str(repository(folder, code))))
    return result


def test_a_network_call_that_the_generator_catches_is_a_warning(tmp_path: Path) -> None:
    added = add(tmp_path, CAUGHT)
    assert isinstance(added, Added)
    where = f"(examples/generate.py:{LINE + 3})"
    assert added.warnings == (f"refused: {TRIED} to look up example.org 3 times {where}", EFFECT)
    assert added.entry.acceleration.enabled  # the blocks are equal


def test_attempts_of_an_import_have_their_line(tmp_path: Path) -> None:
    folder = tmp_path / "O-square"
    module = "import socket\ntry: socket.socket()\nexcept OSError: pass\n"
    write_repository(folder, {"src/__init__.py": module})
    adder = Adder(Home(tmp_path / "home"), RunningInterpreter(), True, lambda _line: None)
    (added,) = adder.add(GeneratorSource(str(folder)))
    assert isinstance(added, Added), added.error
    assert added.warnings == (f"refused: {TRIED} (src/__init__.py:2)", EFFECT)


@needs_sandbox
def test_a_network_call_of_a_started_program_is_a_warning(tmp_path: Path) -> None:
    added = add(tmp_path, STARTED)
    assert isinstance(added, Added)
    where = f"(examples/generate.py:{LINE + 2})"
    assert added.warnings == (f"refused: {TRIED} {where}", EFFECT)


def test_a_generator_that_needs_the_network_is_not_added(tmp_path: Path) -> None:
    failed = add(tmp_path, RAISED)
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, VrdataError)
    where = f"(examples/generate.py:{LINE + 1})"
    assert f"; refused: {TRIED} to look up example.org {where}" in failed.error.why


def test_a_test_of_a_generator_names_refused_attempts(tmp_path: Path) -> None:
    assert isinstance(add(tmp_path, CAUGHT), Added)
    home = ("--home", tmp_path / "home")
    where = f"(examples/generate.py:{LINE + 3})"
    shown = run("test", "O-square", *home)
    assert shown.exit_code == 0, shown.output
    assert f"  refused: {TRIED} to look up example.org 3 times {where}\n" in shown.stdout
    (result,) = json.loads(run("test", "O-square", *home, "--json").stdout)
    assert result["passed"]
    assert result["refused"] == [
        {
            "what": "open a network connection to look up example.org",
            "program": PYTHON,
            "where": f"examples/generate.py:{LINE + 3}",
            "count": 3,
        }
    ]
