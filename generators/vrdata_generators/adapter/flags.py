"""The command-line flags of a generator repository, read from its own `--help`."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from vrdata.contract.refusals import Refusal
from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import Flags
from vrdata.text import printable
from vrdata_generators.adapter.closed import ClosedProcess, run_closed
from vrdata_generators.adapter.help_text import flags_in
from vrdata_generators.adapter.source.detect import REPOSITORY_ENTRY

HELP_SECONDS = 60
SHOWN_LINES = 12  # of a help text in a message
SHOWN_WIDTH = 120
# Without dashes, and with `_` for `-`.
_SAMPLES = ("num_samples", "samples", "n_samples", "max_samples", "limit")
_OUTPUT = ("output", "output_dir", "out", "out_dir")
_SEED = ("seed", "random_seed")
_HELP = ("help", "helpfull", "helpshort", "helpxml")


@dataclass(frozen=True, slots=True)
class ProbedFlags:
    """The flags that vrdata sets, and the others, which a run can set with `args`.

    Attributes:
        refused: what `--help` tried and the sandbox refused.
    """

    flags: Flags
    others: tuple[str, ...]
    refused: tuple[Refusal, ...] = ()


def parse_help(text: str, code: int = 0, script: str = str(REPOSITORY_ENTRY)) -> ProbedFlags:
    """The flags listed in a `--help` text.

    Args:
        text: what the script printed.
        code: its exit code, for the message.
        script: its name.

    Raises:
        InvalidInputError: no flag sets the number of samples or the output folder.
    """
    offered = flags_in(text)
    samples, output = _first(_SAMPLES, offered), _first(_OUTPUT, offered)
    if samples is None or output is None:
        wanted = _SAMPLES if samples is None else _OUTPUT
        raise InvalidInputError(
            f"{script} has no flag for "
            f"{'the number of samples' if samples is None else 'the output folder'}",
            why=f"its --help lists {', '.join(offered) or 'no flags'}; one of "
            f"{', '.join('--' + name.replace('_', '-') for name in wanted)} is required"
            f"\n{_printed(text, code)}",
            fix="add that flag to its command line",
        )
    flags = Flags(samples=samples, output=output, seed=_first(_SEED, offered))
    known = {samples, output, flags.seed}
    others = (flag for flag in offered if flag not in known and len(_normal(flag)) > 1)
    return ProbedFlags(flags, tuple(flag for flag in others if _normal(flag) not in _HELP))


def _printed(text: str, code: int) -> str:
    lines = [line for line in printable(text).splitlines() if line.strip()]
    if not lines:
        return f"it printed nothing and exited with code {code}"
    shown = [f"  {line[:SHOWN_WIDTH]}" for line in lines[:SHOWN_LINES]]
    more = ["  …"] if len(lines) > SHOWN_LINES else []
    return "\n".join([f"it exited with code {code} and printed:", *shown, *more])


def probe_flags(root: Path, entry: Path, python: Path, scratch: Path) -> ProbedFlags:
    """Run a script with `--help` in the generator's environment and read its flags.

    Args:
        root: the generator's folder.
        entry: the script in it.
        python: its interpreter.
        scratch: an empty private folder.

    Raises:
        InvalidInputError: it fails, takes longer than HELP_SECONDS or lacks a required flag.
    """
    script = str(entry.relative_to(root))
    try:
        done = run_closed(
            [str(python), str(entry), "--help"],
            seconds=HELP_SECONDS,
            env=_environment(scratch),
            python=python,
            cwd=root,
            read=[root],
            write=[scratch],
        )
    except subprocess.TimeoutExpired:
        raise InvalidInputError(
            f"{script} --help took longer than {HELP_SECONDS} s",
            fix="change it to print its help and exit without other work",
        ) from None
    # absl exits with 1; other scripts print their usage to standard error and exit with 2.
    if done.returncode and ("Traceback (most recent" in done.stderr or not _offers(done)):
        tail = printable("\n".join((done.stderr or done.stdout).strip().splitlines()[-8:]))
        raise InvalidInputError(
            f"{script} --help failed with exit code {done.returncode}",
            why=tail or "it printed no error message",
            fix=_fix(tail),
        )
    probed = parse_help(f"{done.stdout}\n{done.stderr}", done.returncode, script)
    return replace(probed, refused=done.refused)


def _offers(done: ClosedProcess) -> bool:
    return bool(flags_in(f"{done.stdout}\n{done.stderr}"))


def _fix(tail: str) -> str:
    missing = re.search(r"No module named '([^']+)'", tail)
    if missing:
        return (
            f"add the distribution that provides {missing[1]} to the generator's requirements.txt"
        )
    file = re.search(r"No such file or directory: '([^']+)'", tail)
    if file:
        return f"add {file[1]} to the generator's folder; a file that git does not track is missing"
    return "fix the generator so that its --help works"


def _environment(scratch: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "200",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "MPLCONFIGDIR": str(scratch),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
    }


def _first(names: tuple[str, ...], offered: tuple[str, ...]) -> str | None:
    """The offered flag with the first of these names; `-` and `_` are equal in a name.

    A name in a group, such as `--config.seed`, counts when no plain name fits.
    """
    plain = {_normal(flag): flag for flag in reversed(offered)}
    grouped = {name.rpartition(".")[2]: flag for name, flag in plain.items() if "." in name}
    for known in (plain, grouped):
        for name in names:
            if name in known:
                return known[name]
    return None


def _normal(flag: str) -> str:
    return flag.lstrip("-").replace("-", "_").lower()
