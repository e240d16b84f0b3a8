"""What the columns of a dataset hold: the names that datasets use, and those that a run maps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from vrdata_generators.api import Item, Row

_KINDS = dict.fromkeys((".mp4", ".avi", ".mkv", ".mov", ".webm"), "video")
# For each part of a sample, the columns that hold it; the first one with a value is used.
ALIASES: dict[str, tuple[str, ...]] = {
    "first": ("image", "first_image", "first_frame", "input_image", "question_image"),
    "final": ("target_image", "solution_image", "final_image", "goal_image", "final_frame"),
    "prompt": ("question", "prompt", "instruction", "text", "caption"),
    "domain": ("task", "task_type", "category"),
    "goal": ("answer", "goal"),
    "video": ("ground_truth_video", "ground_truth", "video"),
    "first_video": ("first_video", "input_video"),
    "last_video": ("last_video", "final_video"),
}


def chosen_columns(names: Iterable[str], options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The existing columns of each part of a sample, the preferred one first.

    Args:
        names: of the columns.
        options: PART=COLUMN for columns that have other names.

    Raises:
        ValueError: there is no such part, or no such column, or none for the first image.
    """
    existing = list(names)
    for part, column in options.items():
        if part not in ALIASES:
            raise ValueError(f"{part}={column}: {part!r} is none of {', '.join(ALIASES)}")
        if column not in existing:
            raise ValueError(f"{part}={column}: there is no such column; {_listed(existing)}")
    mapped = set(options.values())
    found = {
        part: (options[part],)
        if part in options
        else tuple(name for name in aliases if name in existing and name not in mapped)
        for part, aliases in ALIASES.items()
    }
    if not found["first"]:
        raise ValueError(f"no column has the first image; {_listed(existing)}; set first=COLUMN")
    return found


def value_of(row: Mapping[str, Any], columns: Iterable[str]) -> tuple[str, Any]:
    """The first column with a value, and the value; ("", None) without one."""
    for name in columns:
        if row[name] not in (None, ""):
            return name, row[name]
    return "", None


def row_of_files(item: Item) -> Row:
    """The columns of an item that is a file with its companions; JSON beside it adds more.

    Raises:
        ValueError: a JSON file contains no object, or a text is not UTF-8.
    """
    row: Row = {}
    for path in item.files.values():
        ending = path.suffix.lower()
        if ending == ".json":
            found = json.loads(path.read_bytes())
            if not isinstance(found, dict):
                raise ValueError(f"{path.name} is not a JSON object")
            row |= found
        elif ending == ".txt":
            row["text"] = path.read_text("utf-8-sig")
        else:
            row.setdefault(_KINDS.get(ending, "image"), path)
    above = item.key.split("/")[-2:-1]  # image folders have one folder for each category
    return {"category": above[0]} | row if above else row


def _listed(names: list[str]) -> str:
    return f"the columns are {', '.join(names)}" if names else "there are no columns"
