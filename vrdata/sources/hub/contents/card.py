"""Configurations and splits of a dataset: of its card, otherwise of its file names. Pure.

The rules are those of `datasets.load_dataset`: `configs` in the YAML of README.md, and without
them one configuration `default`, whose splits come from names of files and folders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from vrdata.sources.hub.contents.patterns import matching

DEFAULT = "default"
TRAIN = "train"
_SHARDED = re.compile(r"data/(\w+(?:\.\w+)*)-[0-9]{5}-of-[0-9]{5}[^/]*\.[^/]*")
_WORDS = {
    TRAIN: ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_BETWEEN = "[-._ 0-9]"
_FOLDERS = ("**/{0}/**", "**/{0}{1}*/**", "**/*{1}{0}/**", "**/*{1}{0}{1}*/**")
_FILES = ("**/{0}{1}*", "**/*{1}{0}{1}*")


class CardError(ValueError):
    """The card cannot be read; the text says why."""


@dataclass(frozen=True)
class Config:
    """A configuration.

    Attributes:
        name: as in the card.
        splits: the patterns of each split, in the card's order; None = by file names.
        folder: the patterns are below it; "" = all files.
        default: the card marks it as the one to use.
    """

    name: str
    splits: Mapping[str, tuple[str, ...]] | None = None
    folder: str = ""
    default: bool = False

    def files(self, names: Sequence[str]) -> dict[str, list[str]]:
        """The files of each split, in order, each once.

        Args:
            names: all files of the dataset.
        """
        prefix = f"{self.folder}/" if self.folder else ""
        below = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
        splits = splits_by_name(below) if self.splits is None else self.splits
        return {
            split: list(
                dict.fromkeys(prefix + name for one in patterns for name in matching(below, one))
            )
            for split, patterns in splits.items()
        }


def card_of(readme: str) -> dict[str, Any]:
    """The YAML at the start of a README.

    Raises:
        CardError: it is not valid YAML.
    """
    lines = readme.lstrip("\ufeff").splitlines()
    if not lines or lines[0] != "---" or "---" not in lines[1:]:
        return {}
    try:
        found = yaml.safe_load("\n".join(lines[1 : lines.index("---", 1)]))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CardError(str(error).split("\n", 1)[0]) from None
    return found if isinstance(found, dict) else {}


def configs_of(card: Mapping[str, Any]) -> list[Config]:
    """The configurations, in the card's order; one named `default` if it has none.

    Raises:
        CardError: `configs` has another form.
    """
    entries = card.get("configs")
    if not entries:
        return [Config(DEFAULT)]
    if not isinstance(entries, list):
        raise CardError("`configs` is not a list")
    return [_config(entry) for entry in entries]


def _config(entry: Any) -> Config:
    if not isinstance(entry, dict) or not isinstance(entry.get("config_name"), str | int | float):
        raise CardError("a configuration has no `config_name`")
    name = str(entry["config_name"])
    folder = entry.get("data_dir") or ""
    if not isinstance(folder, str):
        raise CardError(f"`data_dir` of {name} is not a path")
    folder = folder.removeprefix("./").strip("/")
    files = entry.get("data_files")
    splits = None if files is None else _splits(name, files)
    return Config(name, splits, folder, default=bool(entry.get("default")))


def _splits(config: str, files: Any) -> dict[str, tuple[str, ...]]:
    if isinstance(files, dict):
        files = [{"split": split, "path": path} for split, path in files.items()]
    if isinstance(files, str):
        files = [files]
    if isinstance(files, list) and all(isinstance(item, str) for item in files):
        files = [{"split": TRAIN, "path": files}]
    splits: dict[str, tuple[str, ...]] = {}
    for item in files if isinstance(files, list) else [None]:
        split, paths = _split(item)
        if not paths:
            raise CardError(f"`data_files` of {config} is neither a path nor splits with paths")
        if any("://" in path for path in paths):
            raise CardError(f"{config} names files outside of the dataset")
        if split in splits:
            raise CardError(f"{config} has the split {split} twice")
        splits[split] = paths
    return splits


def _split(item: Any) -> tuple[str, tuple[str, ...]]:
    """A split and its paths; without paths if the entry has another form."""
    if not isinstance(item, dict) or not isinstance(item.get("split"), str | int | float):
        return "", ()
    paths = item.get("path")
    paths = [paths] if isinstance(paths, str) else paths
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        return "", ()
    return str(item["split"]), tuple(paths)


def splits_by_name(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Splits from names: `data/{split}-00000-of-00001.*`, else folders, else files, else train.

    Args:
        names: files below the configuration's folder.
    """
    sharded = {match[1] for name in names if (match := _SHARDED.fullmatch(name))}
    if sharded:
        digits = "[0-9]" * 5
        order = [split for split in _WORDS if split in sharded]
        order += sorted(sharded.difference(_WORDS))
        return {split: (f"data/{split}-{digits}-of-{digits}*.*",) for split in order}
    for forms in (_FOLDERS, _FILES):
        found = {
            split: tuple(form.format(word, _BETWEEN) for word in words for form in forms)
            for split, words in _WORDS.items()
        }
        present = {
            split: patterns
            for split, patterns in found.items()
            if any(matching(names, pattern) for pattern in patterns)
        }
        if present:
            return present
    return {TRAIN: ("**",)} if matching(names, "**") else {}
