"""Every program that vrdata starts gets an environment that the code names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# vrdata_child runs inside the closed process of a generator, and pip/closed.py inside that of pip:
# what they start inherits an environment without secrets.
PACKAGES = ("vrdata", "worker/vrdata_worker", "generators/vrdata_generators", "operator")
CLOSED = {"generators/vrdata_generators/adapter/environment/pip/closed.py"}
# A forked worker is vrdata's own code, closed as the process it copies, and it needs the secrets.
CLOSED |= {"vrdata/local/execution/fork.py"}
STARTS = {"subprocess": {"Popen", "run", "call", "check_call", "check_output", "getoutput"}}
STARTS["os"] = {"system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp", "startfile"}
STARTS["os"] |= {f"{kind}{how}" for kind in ("exec", "spawn") for how in ("l", "v", "lp", "vp")}


def starts(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls in a module that start a program."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            module = node.func.value
            if isinstance(module, ast.Name) and node.func.attr in STARTS.get(module.id, ()):
                yield node


def test_every_started_program_gets_an_explicit_environment() -> None:
    found, without = 0, []
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        name = str(path.relative_to(ROOT))
        for call in starts(ast.parse(path.read_text())):
            found += 1
            explicit = any(keyword.arg == "env" for keyword in call.keywords)
            if not explicit and name not in CLOSED:
                without.append(f"{name}:{call.lineno}")
    assert found
    assert without == []
