"""Each program imports only the packages that its task needs: imports are most of a short run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.builders import build_run, make_plan
from vrdata.store.opening import open_store

RUN_FILE = (
    '{"apiVersion": "vrdata.dev/v1alpha1", "kind": "GenerationRun", "metadata": {"name": "demo"}, '
    '"spec": {"generators": [{"name": "O-maze", "samples": 1}]}}'
)
HEAVY = frozenset(
    {"PIL", "aiohttp", "av", "boto3", "botocore", "cv2", "datasets", "kopf", "kubernetes", "numpy"}
    | {"pandas", "prometheus_client", "zlib_ng"}
)
# Each command in a fork: none sees the imports of another.
COMMANDS = """
import os, sys
from vrdata.cli.main import main
for line in sys.argv[1:]:
    if not os.fork():
        sys.argv[1:] = line.split()
        try:
            main()
        finally:
            print("imported", *sorted({name.partition(".")[0] for name in sys.modules}), flush=True)
            os._exit(0)
    assert os.wait()[1] == 0
"""
FINISH = """
import sys
from vrdata.imports import import_fast
import_fast()
from vrdata.dataset.outputs import write_outputs
from vrdata.dataset.plans import load_plan
from vrdata.store.opening import open_store
store = open_store(sys.argv[1])
assert write_outputs(store, load_plan(store), detect=False).samples == 5
print("imported", *sorted({name.partition(".")[0] for name in sys.modules}))
import numpy
assert numpy.ones(2).sum() == 2
"""


def imported(script: str, *words: str, folder: Path) -> list[set[str]]:
    """The packages that each process of a script has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    return [set(words[1:]) for words in lines if words[:1] == ["imported"]]


def test_commands_that_generate_nothing_import_no_large_package(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(RUN_FILE)
    lines = ("--version", "validate run.yaml", "plan run.yaml --out out", "generators list")
    found = imported(COMMANDS, *lines, folder=tmp_path)
    assert len(found) == len(lines)
    assert set().union(*found) & (HEAVY | {"jinja2", "pyarrow"}) == set()


def test_a_run_is_finalised_without_numpy_and_without_decoders(tmp_path: Path) -> None:
    build_run(open_store(str(tmp_path / "out")), make_plan({"O-1_maze": 5}))
    (found,) = imported(FINISH, str(tmp_path / "out"), folder=tmp_path)
    assert found & (HEAVY | {"pyarrow"}) == {"pyarrow"}
    assert (tmp_path / "out/_SUCCESS").exists()
    assert (tmp_path / "out/report/index.html").exists()
