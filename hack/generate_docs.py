"""Write the generated pages and tables of docs/; `--check` compares and exits 1 if one is stale."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import typer.main
from field_tables import with_fields
from module_tables import with_tables
from prometheus_client import Metric
from pydantic.fields import FieldInfo
from reason_tables import with_reasons
from typer.cli import get_docs_for_click

from vrdata.api.profile import GenerationProfile
from vrdata.api.quantities import QUANTITY
from vrdata.api.run import GenerationRun
from vrdata.api.status import GenerationRunStatus
from vrdata.cli.main import app
from vrdata.dataset.manifest import ShardManifest
from vrdata.errors import ExitCode
from vrdata.model import Model
from vrdata_operator.metrics.counters import REASONS, Metrics
from vrdata_operator.state.stored import StoredRun

DOCS = Path(__file__).resolve().parents[1] / "docs"

_EXIT_CODES = {
    ExitCode.OK: "success",
    ExitCode.FAILED: "the run or the check failed",
    ExitCode.USAGE: "the arguments are invalid",
    ExitCode.INVALID: "a spec, profile, catalogue or generator is invalid, or the output contains "
    "another plan, or the kernel cannot sandbox generators as the profile requires",
    ExitCode.PARTIAL: "finished; some samples failed, within the failure budget",
    ExitCode.NOT_FOUND: "a named object does not exist, or access is denied",
    ExitCode.STORAGE: "the object store, or a file of the command, cannot be used",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C or SIGTERM; committed shards are kept",
}


def command_line() -> str:
    """docs/cli.md: exit codes and every command's help."""
    command = typer.main.get_command(app)
    context = typer.Context(command, info_name="vrdata")
    rows = "\n".join(f"| {int(code)} | {text} |" for code, text in _EXIT_CODES.items())
    body = get_docs_for_click(obj=command, ctx=context, name="vrdata")
    lines = "\n".join(line.rstrip() for line in body.splitlines())
    commands = lines.replace("# `vrdata`", "## `vrdata`", 1)
    return (
        "# Command line\n\n"
        "This page is generated from the program (`make docs`).\n\n"
        "Data goes to standard output, messages and progress to standard error. "
        "`-o json` prints one JSON document. Colour and animation are off without a terminal, "
        "with `NO_COLOR` and with `TERM=dumb`. `VRDATA_DEBUG=1` shows tracebacks. "
        "If the reader of the output ends first (`| head`), the exit code is 1.\n\n"
        f"## Exit codes\n\n| code | meaning |\n|---|---|\n{rows}\n\n{commands}\n"
    )


def run_yaml() -> str:
    """docs/run-yaml.md: every field of a run and of a profile."""
    return (
        "# Run and profile files\n\n"
        "This page is generated from the types (`make docs`).\n\n"
        "A run describes what to generate. `vrdata run --local` and `kubectl apply` use the same "
        "file. `vrdata init` writes an example, `vrdata validate` checks a file. "
        "An unknown field is an error; the message suggests the closest known name. "
        "A quantity is written as in Kubernetes: `500m`, `2`, `512Mi`, `4Gi`. "
        "`start` extends a finished run or splits one between clusters: "
        "[extend](extend.md).\n\n"
        "## GenerationRun\n\n"
        f"{_fields(GenerationRun, '')}\n"
        "## GenerationProfile\n\n"
        "How runs are executed on a cluster: image, resources, storage, limits. A local run takes "
        "class resources and `hermetic` from it (`--profile`) and lists the fields that have no "
        "effect.\n\n"
        f"{_fields(GenerationProfile, '')}"
    )


# Fields of which this release accepts one value alone.
_ONLY = {"spec.dedup.enabled": "`false`"}


def _fields(model: type[Model], prefix: str) -> str:
    rows = "\n".join(f"| `{path}` | {kind} | {text} |" for path, kind, text in _rows(model, prefix))
    return f"| field | type | meaning |\n|---|---|---|\n{rows}\n"


def _rows(model: type[Model], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        if name == "status":
            continue  # the operator writes it
        path = f"{prefix}{field.alias or name}"
        inner, listed = _unwrapped(field.annotation)
        path += "[]" if listed else ""
        is_model = isinstance(inner, type) and issubclass(inner, Model)
        text = (field.description or f"`{_default(field)}`.").replace("|", "\\|")
        needed = "**Required.** " if field.is_required() else ""
        kind = _ONLY.get(path) or ("object" if is_model else _kind(inner))
        yield path, kind + _bounds(field), needed + text
        if is_model:
            yield from _rows(inner, f"{path}.")


def _unwrapped(annotation: Any) -> tuple[Any, bool]:
    """The type without None and without its tuple; whether it was a tuple."""
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(part for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) is tuple:
        return _bare(get_args(annotation)[0]), True
    return _bare(annotation), False


def _bare(annotation: Any) -> Any:
    return annotation.__origin__ if hasattr(annotation, "__metadata__") else annotation


def _kind(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(kind) if value)
    if get_origin(kind) is dict:
        return "map"
    return {"str": "text", "int": "number", "bool": "true or false"}.get(kind.__name__, "text")


def _bounds(field: FieldInfo) -> str:
    """What a value may be at least and at most, after a comma."""
    extra = field.json_schema_extra
    if isinstance(extra, dict) and extra.get("pattern") == QUANTITY:
        return ": a quantity"
    found = {
        name: getattr(rule, name)
        for rule in field.metadata
        for name in ("ge", "le", "max_length")
        if hasattr(rule, name)
    }
    if "max_length" in found:
        unit = "entries" if get_origin(field.annotation) is tuple else "characters"
        return f", at most {found['max_length']} {unit}"
    if "le" in found:
        return f", {found['ge']} to {found['le']}"
    return f", {found['ge']} or more" if "ge" in found else ""


def _default(field: FieldInfo) -> str:
    return json.dumps(field.default).strip('"')


def metrics() -> str:
    """docs/metrics.md: every metric that the operator serves."""
    rows = "\n".join(
        f"| `{name}` | {family.type} | {', '.join(labels)} | {family.documentation} |"
        for family in _served().registry.collect()
        for name, labels in [_name_and_labels(family)]
    )
    return (
        "# Metrics\n\n"
        "This page is generated from the operator (`make docs`).\n\n"
        "The operator serves Prometheus metrics on port 9090 (`metrics.port`), path `/metrics`. "
        "`metrics.serviceMonitor.enabled=true` lets a Prometheus operator find them, "
        "`metrics.dashboards.enabled=true` installs two Grafana dashboards. A Prometheus that you "
        "configure yourself needs `honor_labels: true`, because series have the namespace of their "
        "run as a label.\n\n"
        "Series of a run (`vrdata_run_…`) end when its object is deleted. Counters and histograms "
        "belong to the operator's process: they start at 0 when it restarts, and do not "
        "include what happened before, nor what happened while no operator ran.\n"
        "\nA class is O, G or M. Reasons of failures: "
        f"{', '.join(REASONS)}.\n\n"
        f"| metric | type | labels | meaning |\n|---|---|---|---|\n{rows}\n"
    )


def _served() -> Metrics:
    """Metrics with one series of every kind."""
    served = Metrics()
    served.turn("ok", 0.1)
    served.kube_request("get", "generationruns", 200, 0.1)
    served.store_request("get", "ok", 0.1)
    counts = {"desired": 1, "succeeded": 1, "failed": 0}
    moment = "2026-01-01T00:00:00Z"
    condition = {"type": "Finished", "status": "True", "reason": "AllSamples"}
    status = GenerationRunStatus.model_validate(
        {
            "classes": [{"name": "O", "samples": counts}],
            "conditions": [condition | {"lastTransitionTime": moment}],
            "startTime": moment,
            "completionTime": moment,
            "estimatedCompletionTime": moment,
        }
    )
    body = {
        "metadata": {"namespace": "n", "name": "r", "uid": "u", "creationTimestamp": moment},
        "spec": {"samples": 1, "generators": [{"name": "O-maze"}], "activeDeadlineSeconds": 1},
    }
    served.runs.set(StoredRun.parse(body | {"status": status.to_dict()}))
    manifest = ShardManifest.model_validate(
        {
            "plan": "p",
            "generator": "O-maze",
            "digest": "d",
            "shard": 0,
            "start": 0,
            "stop": 1,
            "format": "files",
            "files": {"objects": 0, "bytes": 0},
            "samples": 0,
            "records": {"lines": 0, "bytes": 0, "sha256": "0" * 64},
        }
    )
    served.shard_committed("O", manifest)
    return served


def _name_and_labels(family: Metric) -> tuple[str, list[str]]:
    if not family.samples:
        raise ValueError(f"{family.name} has no series, so its labels cannot be seen")
    name = family.name + ("_total" if family.type == "counter" else "")
    labels = {label for sample in family.samples for label in sample.labels} - {"le"}
    return name, sorted(labels)


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": command_line,
    "run-yaml.md": run_yaml,
    "metrics.md": metrics,
}


def main() -> int:
    """Write or compare all pages; returns the exit code."""
    pages = {name: page() for name, page in PAGES.items()}
    for path in sorted(DOCS.glob("*.md")):
        if path.name not in pages:
            pages[path.name] = with_fields(with_reasons(with_tables(path.read_text())))
    stale = [name for name, text in pages.items() if not _is_current(name, text)]
    if "--check" in sys.argv:
        for name in stale:
            sys.stderr.write(f"docs/{name} is stale: run `make docs`\n")
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(pages[name])
    return 0


def _is_current(name: str, text: str) -> bool:
    path = DOCS / name
    return path.exists() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
