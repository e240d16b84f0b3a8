"""The command-line flags of a generator repository, read from its own `--help`."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import Flags
from vrdata_generators.adapter.source.detect import REPOSITORY_ENTRY

HELP_SECONDS = 60
_FLAG = re.compile(r"(?<![\w-])--[A-Za-z0-9][A-Za-z0-9_-]*")
_SAMPLES = ("--num-samples", "--num_samples", "--samples")
_OUTPUT = ("--output", "--output-dir", "--output_dir", "--out")
_SEED = ("--seed", "--random-seed", "--random_seed")


@dataclass(frozen=True, slots=True)
class ProbedFlags:
    """The flags that vrdata sets, and the others, which a run can set with `args`."""

    flags: Flags
    others: tuple[str, ...]


def parse_help(text: str) -> ProbedFlags:
    """The flags listed in a `--help` text.

    Flags are read from the option lists, not from the surrounding prose or examples.

    Raises:
        InvalidInputError: no flag sets the number of samples or the output folder.
    """
    offered = _offered(text)
    samples, output = _first(_SAMPLES, offered), _first(_OUTPUT, offered)
    if samples is None or output is None:
        missing = f"one of {', '.join(_SAMPLES)}" if samples is None else "--output"
        raise InvalidInputError(
            f"{REPOSITORY_ENTRY} has no flag for "
            f"{'the number of samples' if samples is None else 'the output folder'}",
            why=f"its --help lists {', '.join(offered) or 'no flags'}; {missing} is required",
            fix="add that flag to its argument parser",
        )
    flags = Flags(
        samples=samples,
        output=output,
        seed=_first(_SEED, offered),
    )
    known = {samples, output, flags.seed, "--help"}
    return ProbedFlags(flags, tuple(flag for flag in offered if flag not in known))


def probe_flags(root: Path, python: Path, scratch: Path) -> ProbedFlags:
    """Run `examples/generate.py --help` in the generator's environment and read its flags.

    Args:
        root: the generator's folder.
        python: its interpreter.
        scratch: an empty private folder.

    Raises:
        InvalidInputError: it fails, takes longer than HELP_SECONDS or lacks a required flag.
    """
    try:
        done = subprocess.run(
            [str(python), str(root / REPOSITORY_ENTRY), "--help"],
            cwd=root,
            env=_environment(scratch),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=HELP_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidInputError(
            f"{REPOSITORY_ENTRY} --help took longer than {HELP_SECONDS} s",
            fix="change it to print its help and exit without other work",
        ) from None
    if done.returncode:
        tail = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise InvalidInputError(
            f"{REPOSITORY_ENTRY} --help failed with exit code {done.returncode}",
            why=tail or "it printed no error message",
            fix=_fix(tail),
        )
    return parse_help(done.stdout)


def _fix(tail: str) -> str:
    missing = re.search(r"No module named '([^']+)'", tail)
    if missing:
        return (
            f"add the distribution that provides {missing[1]} to the generator's requirements.txt"
        )
    return "fix the generator so that its --help works"


def _environment(scratch: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "200",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "MPLCONFIGDIR": str(scratch),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
    }


def _offered(text: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for line in text.splitlines():
        # An option in the help of argparse and click: an indented line that starts with its names.
        match = re.match(r"\s{1,8}(-\w(?:[ =]\S+)?, )?(--\S.*)", line)
        if match:
            head = re.split(r"\s{2,}", match[2])[0]
            found.update(dict.fromkeys(_FLAG.findall(head)))
    return tuple(found)


def _first(names: tuple[str, ...], offered: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in offered), None)
