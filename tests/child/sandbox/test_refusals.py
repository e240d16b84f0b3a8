"""Refused calls of programs in a sandbox are counted and named."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from support.attempts.hostile.attempt import World
from support.attempts.hostile.run import table
from support.attempts.laptop import HOSTILE
from vrdata_child.sandbox import landlock
from vrdata_generators.adapter.closed import run_closed

pytestmark = pytest.mark.skipif(landlock.version() == 0, reason="needs Landlock")
CODE = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from hostile.attempt import World
from hostile.raw import make
from hostile.run import table

for one in table(World(**json.loads(sys.argv[2]))):
    try:
        make(one.raw if one.named else ())
    except OSError:
        pass
"""


def test_each_refused_call_is_named(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (tmp_path / "secret").write_text("")
    repository = tmp_path / "repository" / "examples"
    repository.mkdir(parents=True)
    (repository / "generate.py").write_text("")
    world = World(
        template=0,
        guard=0,  # it is the parent of the program
        supervisor=os.getpid(),
        other=0,
        repository=str(tmp_path / "repository"),
        block=str(own),
        scratch=str(tmp_path),
        secret=str(tmp_path / "secret"),
    )
    done = run_closed(
        [sys.executable, "-I", "-S", "-c", CODE, str(HOSTILE.parent), json.dumps(asdict(world))],
        seconds=60,
        env={"PATH": os.defpath},
        cwd=own,
        read=[HOSTILE.parent, tmp_path / "repository"],
        write=[own],
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    expected = {one.named for one in table(world) if one.named and one.raw}
    found = {one.what for one in done.refused}
    assert {name for name in expected if not any(what.startswith(name) for what in found)} == set()
    assert {what for what in found if not what.startswith(tuple(expected))} == set()
    assert {one.program for one in done.refused} == {Path(sys.executable).resolve().name}
