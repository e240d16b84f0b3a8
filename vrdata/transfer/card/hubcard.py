"""The card of a pushed dataset: licences, counts, columns and where it comes from. Pure.

Names and licences of sources, files and columns are text of others: in YAML they are quoted, in
Markdown they are code spans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import yaml

from vrdata.api.source import origin
from vrdata.dataset.finish.summary import DatasetSummary
from vrdata.plan.planned import Plan, PlannedGenerator
from vrdata.text import code_span
from vrdata.transfer.card.features import features_of, types_of
from vrdata.transfer.card.licences import hub_licences, licences_of

_POWERS = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B")  # of ten, from 1000 samples


def hub_card(
    card: bytes, summary: DatasetSummary, plan: Plan, columns: Mapping[str, pa.Schema]
) -> bytes:
    """README.md for the Hub; equal datasets give equal bytes.

    Args:
        card: README.md of the run, which says how `datasets` reads it.
        summary: of the dataset.
        plan: of the run.
        columns: of each configuration in the card.
    """
    front, text = _split(card.decode())
    facts: dict[str, Any] = {"pretty_name": summary.run, "tags": ["vrdata"]}
    facts["size_categories"] = [_size(summary.samples)]
    licences = hub_licences(plan)
    if licences:
        facts["license"] = licences[0] if len(licences) == 1 else licences
    known = {name: features_of(schema) for name, schema in columns.items()}
    listed = [{"config_name": name, "features": one} for name, one in known.items() if one]
    if listed:
        facts["dataset_info"] = listed
    above = yaml.safe_dump(facts | front, sort_keys=False, width=1000)
    lines = [*_columns(columns), *_contents(summary), *_provenance(summary, plan)]
    below = "\n".join([*lines, ""])
    return f"---\n{above}---\n{text}\n{below}".encode()


def _split(card: str) -> tuple[dict[str, Any], str]:
    if not card.startswith("---\n"):
        return {}, card
    front, _, text = card.removeprefix("---\n").partition("\n---\n")
    found = yaml.safe_load(front)
    return (found if isinstance(found, dict) else {}), text


def _size(samples: int) -> str:
    """As the Hub names it, such as `1K<n<10K`."""
    digits = min(len(str(samples)) - 3, len(_POWERS) - 1)
    return f"{_POWERS[digits - 1]}<n<{_POWERS[digits]}" if digits > 0 else "n<1K"


def _columns(columns: Mapping[str, pa.Schema]) -> Iterator[str]:
    for name, schema in columns.items():
        yield "## Columns" if len(columns) == 1 else f"## Columns of {name}"
        yield from ("", "| column | type |", "|---|---|")
        for column, kind in types_of(schema):
            yield f"| {_cell(column)} | {_cell(kind)} |"
        yield ""


def _contents(summary: DatasetSummary) -> Iterator[str]:
    files = ", ".join(code_span(name) for name in summary.file_names)
    yield from ("## Contents", "", f"Files of the samples: {files}", "")


def _provenance(summary: DatasetSummary, plan: Plan) -> Iterator[str]:
    yield from ("## Provenance", "", f"- plan `{summary.plan}`, seed {summary.seed}")
    for one in plan.generators:
        origin = f", commit {code_span(one.commit)}" if one.commit else ""
        yield f"- generator {one.name}, digest `{one.digest}`{origin}, {_licence(one.licence)}"
        yield from _source(one)
    yield ""
    found = {text: None for one in plan.generators for text in licences_of(one) or ["unknown"]}
    stated = ", ".join(text if text == "unknown" else code_span(text) for text in sorted(found))
    yield f"Licence of the data: {stated}. It is that of the sources, or of the generators."


def _source(one: PlannedGenerator) -> Iterator[str]:
    for place in one.places:
        at = f" at {code_span(place.revision)}" if place.revision else ""
        where = f"{code_span(origin(place.url))}{at} as {code_span(place.place)}"
        yield f"    - reads {where}, {_licence(place.licence)}"
    if one.source is None:
        return
    parts = [f"    - converts {code_span(origin(one.source.url))}"]
    parts += [f"at {code_span(one.source.revision)}"] if one.source.revision else []
    parts += [code_span(text) for text in (one.source.config, one.source.split) if text]
    yield f"{' '.join(parts)}, {_licence(one.source.licence)}"


def _licence(text: str) -> str:
    return f"licence {code_span(text) if text else 'unknown'}"


def _cell(text: str) -> str:
    """A code span in a table, whose cells end at `|` even in code."""
    return code_span(text).replace("|", "\\|")
