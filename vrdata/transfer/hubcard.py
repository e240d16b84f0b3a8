"""The card of a pushed dataset: licence, counts, files and where it comes from. Pure."""

from __future__ import annotations

from typing import Any

import yaml

from vrdata.dataset.finish.summary import DatasetSummary
from vrdata.plan.planned import Plan

_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))
_LARGER = "1M<n<10M"


def hub_card(card: bytes, summary: DatasetSummary, plan: Plan) -> bytes:
    """README.md for the Hub; equal datasets give equal bytes.

    Args:
        card: README.md of the run, which says how `datasets` reads it.
        summary: of the dataset.
        plan: of the run.
    """
    front, text = _split(card.decode())
    licences = sorted({one.source.licence for one in plan.generators if one.source} - {""})
    facts: dict[str, Any] = {"pretty_name": summary.run, "tags": ["vrdata"]}
    facts["size_categories"] = [_size(summary.samples)]
    if licences:
        facts["license"] = licences[0] if len(licences) == 1 else licences
    head = yaml.safe_dump(facts | front, sort_keys=False, width=1000)
    return f"---\n{head}---\n{text}\n{_provenance(summary, plan, licences)}".encode()


def _split(card: str) -> tuple[dict[str, Any], str]:
    if not card.startswith("---\n"):
        return {}, card
    front, _, text = card.removeprefix("---\n").partition("\n---\n")
    found = yaml.safe_load(front)
    return (found if isinstance(found, dict) else {}), text


def _size(samples: int) -> str:
    return next((name for limit, name in _SIZES if samples < limit), _LARGER)


def _provenance(summary: DatasetSummary, plan: Plan, licences: list[str]) -> str:
    files = ", ".join(f"`{name}`" for name in summary.file_names)
    lines = ["## Contents", "", f"Files of the samples: {files}", "", "## Provenance", ""]
    lines.append(f"- plan `{summary.plan}`, seed {summary.seed}")
    for one in plan.generators:
        origin = f", commit `{one.commit}`" if one.commit else ""
        lines.append(f"- generator {one.name}, digest `{one.digest}`{origin}")
        if one.source:
            revision = f" at `{one.source.revision}`" if one.source.revision else ""
            split = " ".join(filter(None, (one.source.config, one.source.split)))
            lines.append(f"    - converts {_origin(one.source.url)}{revision} {split}".rstrip())
    stated = ", ".join(licences) or "see the licences of the generators"
    return "\n".join([*lines, "", f"Licence: {stated}", ""])


def _origin(url: str) -> str:
    """A URL, or the last name of a path: its folders are those of one machine."""
    path = url.removeprefix("file://").rstrip("/")
    return f"`{path.rpartition('/')[2]}`" if "://" not in path else url
