"""Import 5000 rows in the schema of VideoThinkBench from a hub, undisturbed and killed twice.

Each figure is a count, and the goal is exact: of samples, of what differs, of row groups that are
fetched. The hub is a server of this process; the client is huggingface_hub.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Goal, NotMeasuredError, Options, Row

if TYPE_CHECKING:
    from support.services.hub.server import Hub

ROWS = {"Eyeballing_Puzzles": 1500, "Visual_Puzzles": 500, "ARC_AGI_2": 1000, "Mazes": 2000}
TOTAL = sum(ROWS.values())
GROUP = 100  # rows of a row group, as in VideoThinkBench
LIMIT = 150  # needs two of the twenty row groups of Mazes


def rows(options: Options) -> Iterator[Row]:
    """One import that is undisturbed, one that is killed twice, one with a limit."""
    del options
    from support.services.hub.server import running_hub
    from support.sources.benchset import NAME, bench_files, fetched_groups

    with tempfile.TemporaryDirectory() as name, running_hub() as hub:
        repository = hub.create(NAME, bench_files(ROWS, group=GROUP))
        first = repository.branches["main"]
        folder = Path(name)
        whole = _imported(hub, folder / "whole")
        yield _exact("samples", "samples of an undisturbed import", TOTAL, whole["samples"])
        verified = _verified(folder / "whole")
        different = int(verified["datasetHash"] != whole["datasetHash"])
        different += verified["samples"] != TOTAL
        yield _exact("verified", "differences that `vrdata verify` finds", 0, different)
        hub.requests.clear()
        limited = _imported(hub, folder / "limited", "--config", "Mazes", "--limit", LIMIT)
        groups = fetched_groups(hub, "Mazes")
        what = f"row groups of {ROWS['Mazes'] // GROUP} fetched for {limited['samples']} rows"
        yield _exact("ranges", what, 2, len(groups))
        killed = _killed_twice(hub, folder / "killed")
        moved = int(repository.branches["main"] == first) + int(killed["revision"] != first)
        yield _exact("revision", "other commits in it, though the branch moved", 0, moved)
        different = int(killed["datasetHash"] != whole["datasetHash"])
        yield _exact("killed", "other hashes after two kills (-9)", 0, different)


def _exact(name: str, meaning: str, expected: int, found: int) -> Row:
    """A row whose goal is one number."""
    wrong = abs(found - expected)
    return Row(f"import-5000.{name}", f"{meaning}: {found}; off by", Goal(0, False), (wrong,))


def _environment(hub: Hub, folder: Path) -> dict[str, str]:
    from support.services.hub.fixture import hub_environment

    return hub_environment(hub, folder / "hf") | {"HF_TOKEN": ""}


def _imported(hub: Hub, folder: Path, *arguments: object) -> Any:
    """Import, to the end; what the command prints as JSON."""
    from support.cli import vrdata

    words = ("import", "videothinkbench", *arguments, "--output", folder / "out", "-o", "json")
    ran = vrdata(*words, **_environment(hub, folder))
    if ran.code:
        raise NotMeasuredError(f"the import failed with exit code {ran.code}: {ran.err[-2000:]}")
    return ran.json


def _verified(folder: Path) -> Any:
    from support.cli import vrdata

    return json.loads(vrdata("verify", folder / "out", "-o", "json").out)


def _killed_twice(hub: Hub, folder: Path) -> Any:
    """Kill an import when it has a plan, move the branch, kill it at its first commit marker."""
    from support.cli import kill_when
    from support.sources.benchset import NAME, bench_files

    runs = folder / ".vrdata/out/runs/default"
    words = ("import", "videothinkbench", "--output", folder / "out", "--jobs", 1)
    environment = _environment(hub, folder)
    kill_when(lambda: any(runs.glob("*/_vrdata/plan.json")), *words, **environment)
    hub.repositories[NAME].commit(bench_files(dict.fromkeys(ROWS, 2), group=GROUP))
    kill_when(lambda: any(runs.glob("*/_vrdata/commits/*/*.json")), *words, **environment)
    return _imported(hub, folder)
