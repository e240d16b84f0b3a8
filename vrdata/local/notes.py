"""Fields of a run or profile that a laptop cannot honour: listed, never silently dropped."""

from __future__ import annotations

from rich.console import Console

from vrdata.api.profile import GenerationProfile
from vrdata.api.run import GenerationRun
from vrdata.errors import InvalidInputError


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
    for name in ("O", "G", "M"):
        resources = getattr(profile.spec.classes, name)
        for field in ("node_selector", "tolerations", "priority_class_name", "runtime_class_name"):
            value = getattr(resources, field)
            if value:
                lines.append(f"profile classes.{name}.{field}: {value}")
        if resources.gpu is not None and resources.gpu.count:
            lines.append(
                f"profile classes.{name}.gpu: {resources.gpu.count} {resources.gpu.resource}"
            )
    return lines


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
