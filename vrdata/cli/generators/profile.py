"""`vrdata generators profile`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vrdata.cli.common import Output, OutputOption, handle_errors, print_json, stderr, stdout
from vrdata.cli.generators.check import show_words, targets_of
from vrdata.cli.generators.common import HomeOption, open_home, say, warn_about_level
from vrdata.contract.refusals import lines
from vrdata.errors import ExitCode, UsageError
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata_generators.adapter.profile.hints import Hint
    from vrdata_generators.adapter.profile.measure import Profile, ProfileTarget
    from vrdata_generators.adapter.profile.summary import LineTime, PartTime

MAX_LINES = 10
MIN_SHARE = 0.005  # of what is shown
FEW = 100  # measurements
_PARTS = {
    "own": "its own code",
    "drawing": "drawing",
    "libraries": "other libraries",
    "encoding": "encoding",
    "vrdata": "vrdata",
    "starting": "imports while it generates",
    "other": "outside its Python code",
}


@handle_errors
def profile_command(
    name: Annotated[
        str, typer.Argument(help="Name of a generator, or a folder.", metavar="NAME|PATH")
    ],
    *,
    samples: Annotated[
        int, typer.Option("--samples", "-n", min=1, max=10_000, help="Number of samples.")
    ] = 10,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="Run seed.")] = 42,
    home: HomeOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show where a generator's time goes, its slowest lines, and what makes it faster."""
    from vrdata_generators.adapter.profile.measure import run_profile

    place = open_home(home)
    with place.staging() as staging:
        target = _target(place, name, staging)
        say(f"{target.sampling.name}: generating {count(samples, 'sample')}, then again to compare")
        profile = run_profile(target, samples=samples, seed=seed)
    warn_about_level([profile.hermetic])
    if output is Output.JSON:
        print_json(as_json(profile))
    else:
        _print(profile)
    if profile.problems:
        show_words(profile.log, profile.traceback)
        raise typer.Exit(int(ExitCode.FAILED))
    _say_compared(profile)


def _target(place: Any, name: str, staging: Path) -> ProfileTarget:
    from vrdata_generators.adapter.home import load_catalogue_with_builtin
    from vrdata_generators.adapter.profile.measure import profile_folder, profile_target

    catalogue, base = load_catalogue_with_builtin(place)
    entry = catalogue.get(name)
    if entry is not None and entry.kind != "converter":
        return profile_target(entry, base)
    targets = targets_of(place, [name], staging)
    if any(target.launch.kind == "converter" for target in targets):
        raise UsageError(
            f"{name} is a converter, and only generators can be profiled",
            fix=f"see its CPU time with `vrdata generators test {name} --source URL`",
        )
    if len(targets) != 1:
        raise UsageError(
            f"{name} has {count(len(targets), 'generator')}",
            fix="name the folder of one of them",
        )
    return profile_folder(targets[0])


def as_json(profile: Profile) -> dict[str, Any]:
    """The result as JSON values; seconds are CPU seconds per sample."""
    per = 1 / max(1, profile.samples)
    total = profile.seconds or 1.0
    return {
        "name": profile.name,
        "samples": profile.samples,
        "asked": profile.requested,
        "problems": list(profile.problems),
        "traceback": profile.traceback,
        "accelerated": profile.accelerated,
        "notAccelerated": profile.not_accelerated,
        "secondsPerSample": round(profile.seconds * per, 6),
        "startSeconds": round(profile.start_seconds, 6),
        "measurements": profile.measurements,
        "parts": [
            {"part": part.part}
            | _time(part.seconds, per, total)
            | {
                "details": [
                    {"name": name} | _time(seconds, per, total) for name, seconds in part.details
                ]
            }
            for part in profile.parts
        ],
        "lines": [
            {"file": line.file, "line": line.line, "function": line.function}
            | _time(line.seconds, per, total)
            | {"call": line.call, "library": line.library}
            for line in _shown(profile)
        ],
        "hints": [
            {
                "hint": hint.name,
                "file": hint.file,
                "line": hint.line,
                "share": round(hint.share, 4),
                "text": hint.text,
            }
            for hint in profile.hints
        ],
        "output": {
            "checked": profile.output.checked,
            "equal": profile.output.equal,
            "reason": profile.output.reason,
        },
    }


def _time(seconds: float, per: float, total: float) -> dict[str, float]:
    return {"share": round(seconds / total, 4), "secondsPerSample": round(seconds * per, 6)}


def _shown(profile: Profile) -> list[LineTime]:
    least = MIN_SHARE * profile.seconds
    return [line for line in profile.lines if line.seconds >= least][:MAX_LINES]


def _print(profile: Profile) -> None:
    for text in _lines(profile):
        stdout.print(text, markup=False)


def _lines(profile: Profile) -> list[str]:
    if profile.problems:
        made = f"{profile.samples} of {count(profile.requested, 'sample')}"
        texts = [f"{profile.name}: FAILED; {made}"]
        return texts + [f"  {one}" for one in (*profile.problems, *lines(profile.refused))]
    per, total = 1 / profile.samples, profile.seconds
    texts = [
        f"{profile.name}: {count(profile.samples, 'sample')}, {_how(profile, total * per)}",
        f"Before the first sample: {_start(profile)}",
        "",
        " share   seconds per sample",
        *(_part(part, per, total) for part in profile.parts if part.seconds >= MIN_SHARE * total),
    ]
    shown = _shown(profile)
    if shown:
        texts += ["", "Slowest lines of its own code:"]
        texts += [_line(line, per, total) for line in shown]
    if profile.hints:
        texts += ["", "What makes it faster:", *map(_hint, profile.hints)]
    return texts


def _how(profile: Profile, seconds: float) -> str:
    off = ", not accelerated" if profile.not_accelerated else ""
    accelerated = ", accelerated" if profile.accelerated else off
    return f"{seconds:.3g} s of CPU time per sample{accelerated}"


def _start(profile: Profile) -> str:
    return f"{profile.start_seconds:.3g} s for Python and imports, once per process"


def _row(seconds: float, per: float, total: float, text: str) -> str:
    return f"{seconds / total:>5.0%}   {seconds * per:>7.4f}   {text}"


def _part(part: PartTime, per: float, total: float) -> str:
    known = [one for one in part.details if one[1] >= MIN_SHARE * total]
    details = ", ".join(f"{name} {seconds / total:.0%}" for name, seconds in known)
    if len(known) == 1:
        details = known[0][0]
    title = _PARTS[part.part]
    return _row(part.seconds, per, total, f"{title}: {details}" if details else title)


def _line(line: LineTime, per: float, total: float) -> str:
    call = f", waits in {line.call}" if line.call else ""
    library = f" ({line.library})" if line.library else ""
    where = f"{line.file}:{line.line} in {line.function}"
    return _row(line.seconds, per, total, f"{where}{call}{library}")


def _hint(hint: Hint) -> str:
    where = f"{hint.file}:{hint.line} " if hint.file else ""
    share = f"({hint.share:.0%}) " if hint.share else ""
    return f"  - {where}{share}{hint.text}"


def _say_compared(profile: Profile) -> None:
    """Whether the profile is exact, and changed nothing."""
    if profile.measurements < FEW:
        say(f"only {count(profile.measurements, 'measurement')}: -n gives more exact figures")
    output = profile.output
    if not output.checked:
        say(f"the samples were not compared with samples without a profile: {output.reason}")
    elif output.equal:
        say("the samples are equal to samples without a profile")
    else:
        stderr.print(
            f"warning: with a profile, the samples differ: {output.reason}; this is an error of"
            " vrdata, please report it",
            markup=False,
        )
