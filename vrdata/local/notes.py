"""Fields of a run or profile that have no effect on a laptop: listed, never silently ignored."""

from __future__ import annotations

from rich.console import Console

from vrdata.api.profile import GenerationProfile
from vrdata.api.run import GenerationRun
from vrdata.errors import InvalidInputError
from vrdata.model import Model
from vrdata.plan.waves import CLASSES

# The fields of a class that a local run uses.
_APPLIED = {"memory", "memory_ceiling", "sample_timeout_seconds"}


def not_applied(run: GenerationRun, profile: GenerationProfile) -> list[str]:
    """One line for each field that is set and has no effect locally."""
    spec = run.spec
    lines = [
        f"spec.{name}: {value}"
        for name, value in (
            ("queueName", spec.queue_name),
            ("activeDeadlineSeconds", spec.active_deadline_seconds),
            ("ttlSecondsAfterFinished", spec.ttl_seconds_after_finished),
            ("suspend", spec.suspend or None),
        )
        if value not in (None, "")
    ]
    used = profile.metadata.name
    if spec.profile != used:
        lines.append(f"spec.profile: {spec.profile} (used: {used}; name its file with --profile)")
    lines += _set(profile.spec, "profile spec", exclude={"classes", "hermetic"})
    for name in CLASSES:
        resources = profile.spec.classes.of(name)
        lines += _set(resources, f"profile spec.classes.{name}", exclude=_APPLIED)
    return lines


def _set(model: Model, where: str, *, exclude: set[str]) -> list[str]:
    """The fields that differ from their defaults."""
    found = model.model_dump(by_alias=True, exclude_defaults=True, exclude=exclude)
    return [f"{where}.{name}: {value}" for name, value in found.items()]


def report_not_applied(lines: list[str], *, strict: bool, console: Console) -> None:
    """Print the lines, or refuse the run under `--strict-local`.

    Raises:
        InvalidInputError: `strict`, and there are lines.
    """
    if not lines:
        return
    if strict:
        raise InvalidInputError(
            "not applied on a laptop: " + "; ".join(lines),
            fix="remove these fields, or run without --strict-local",
        )
    console.print("not applied on a laptop:")
    for line in lines:
        console.print(f"  {line}", markup=False)
