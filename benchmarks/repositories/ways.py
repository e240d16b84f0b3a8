"""Generate the same samples of a repository in two ways: its own plain run, and through vrdata."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import Cost, run
from vrdata.plan.seeds import block_seed

RUN_SEED = 42


@dataclass(frozen=True)
class Repository:
    """An added generator repository.

    Attributes:
        name: in the catalogue.
        root: its folder.
        python: its interpreter.
        samples: the flag for the number of samples.
        output: the flag for the output folder.
        seed: the flag for the seed.
    """

    name: str
    root: Path
    python: Path
    samples: str
    output: str
    seed: str


def repositories(home: Path, only: Sequence[str] = ()) -> list[Repository]:
    """The repositories of a home that can be seeded, by name; `only` these if it names any."""
    catalogue = json.loads((home / "catalogue.json").read_text())
    return [
        _repository(home.absolute(), entry)
        for entry in catalogue["generators"]
        if entry["kind"] == "repository"
        and entry["flags"].get("seed")
        and (not only or entry["name"] in only)
    ]


def _repository(home: Path, entry: dict[str, Any]) -> Repository:
    flags = entry["flags"]
    return Repository(
        entry["name"],
        home / entry["path"],
        home / entry["python"],
        flags["samples"],
        flags["output"],
        flags["seed"],
    )


@contextmanager
def plain_run(
    repository: Repository, samples: int, *before: object, **environment: str
) -> Iterator[tuple[Path, Cost]]:
    """The output folder of the repository's own script, with the seed of vrdata's first block.

    Args:
        repository: what to run.
        samples: how many.
        before: arguments of its interpreter before those of the script, such as another script.
        environment: variables to set.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    with tempfile.TemporaryDirectory() as out, tempfile.TemporaryDirectory() as temporary:
        script = (*before, repository.root / "examples" / "generate.py")
        words = (repository.samples, samples, repository.output, out)
        seed = (repository.seed, block_seed(RUN_SEED, repository.name, 0))
        command = (repository.python, *script, *words, *seed)
        yield Path(out), run(command, cwd=repository.root, env={"TMPDIR": temporary} | environment)


@contextmanager
def vrdata_run(
    home: Path, repository: Repository, samples: int, *, one_block: bool = False, **output: str
) -> Iterator[tuple[Path, Cost]]:
    """The output folder of `vrdata run --local` with one child.

    Args:
        home: of the repository.
        repository: what to run.
        samples: how many.
        one_block: the samples are those of `plain_run`; otherwise the blocks are the catalogue's.
        output: fields of `spec.output`; the defaults are those of a user.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    size = {"blockSize": samples} if one_block else {}
    document = {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationRun",
        "metadata": {"name": "benchmark"},
        "spec": {
            "seed": RUN_SEED,
            "generators": [{"name": repository.name, "samples": samples, **size}],
            "output": output,
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "run.yaml", Path(folder) / "out"
        file.write_text(json.dumps(document))
        command = [sys.executable, "-m", "vrdata.cli.main", "run", file, "--local"]
        yield out, run([*command, "--out", out, "--generators", home.absolute(), "--jobs", 1])


def samples_of(out: Path) -> list[Path]:
    """The folders of the samples below an output folder, in order."""
    return sorted(path.parent for path in out.rglob("prompt.txt"))
