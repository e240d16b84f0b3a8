"""Which files of a dataset a source names: by configuration and split, or by globs. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence

from vrdata.api.source import SourceSpec
from vrdata.sources.hub.contents.card import DEFAULT, Config
from vrdata.sources.hub.contents.patterns import matching
from vrdata.sources.port import SourceNotFoundError
from vrdata.sources.tables.formats import table_format

INCLUDE = "source.include of a run file"
_SHOWN = 20
_BESIDE_TABLES = {
    "cfg",
    "html",
    "ipynb",
    "json",
    "md",
    "pdf",
    "py",
    "sh",
    "toml",
    "txt",
    "yaml",
    "yml",
}


def chosen_files(
    spec: SourceSpec, configs: Callable[[], Sequence[Config]], names: Sequence[str]
) -> list[str]:
    """The files of the configuration and split, in the order in which `load_dataset` reads them.

    With `include`, but without `config` and `split`: all files. `include` itself is not applied.

    Args:
        spec: what the run names.
        configs: reads the configurations.
        names: all files of the dataset, sorted.

    Raises:
        SourceNotFoundError: there is no such configuration, split or file; it lists what exists.
    """
    if spec.include and not spec.config and not spec.split:
        return matching(names, "**")
    config = _config(spec, configs())
    return list(_split(spec, config, config.files(names)))


def config_files(spec: SourceSpec, configs: Sequence[Config], names: Sequence[str]) -> list[str]:
    """The files of all splits of the configuration; raises as `chosen_files`."""
    splits = _config(spec, configs).files(names)
    return list(dict.fromkeys(name for files in splits.values() for name in files))


def tables_alone(names: Sequence[str]) -> list[str]:
    """The files without those that only accompany tables, such as scripts and notes.

    Args:
        names: chosen without `include`.
    """
    if not any(map(table_format, names)):
        return list(names)
    return [name for name in names if name.rpartition(".")[2].lower() not in _BESIDE_TABLES]


def no_file(spec: SourceSpec, names: Sequence[str]) -> SourceNotFoundError:
    """The error for globs that no file matches."""
    return _nothing(f"{spec.url} has no file that source.include matches", "files", names)


def choices(configs: Sequence[Config], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The splits of each configuration.

    Args:
        configs: of the card.
        names: all files of the dataset, sorted.
    """
    return {config.name: tuple(config.files(names)) for config in configs}


def _config(spec: SourceSpec, configs: Sequence[Config]) -> Config:
    found = {config.name: config for config in configs}
    if spec.config:
        if spec.config in found:
            return found[spec.config]
        what = f"{spec.url} has no configuration {spec.config!r}"
        raise _nothing(what, "configurations", list(found), spec.config)
    marked = [one for one in configs if one.default or one.name == DEFAULT or len(configs) == 1]
    if not marked:
        what = f"{spec.url} has several configurations"
        raise _nothing(what, "configurations", list(found), option="config")
    return marked[0]


def _split(spec: SourceSpec, config: Config, splits: Mapping[str, Sequence[str]]) -> Sequence[str]:
    where = spec.url if config.name == DEFAULT else f"configuration {config.name} of {spec.url}"
    if spec.split and spec.split not in splits:
        what = f"{where} has no split {spec.split!r}"
        raise _nothing(what, "splits", list(splits), spec.split)
    if not spec.split and len(splits) > 1:
        raise _nothing(f"{where} has several splits", "splits", list(splits), option="split")
    files = splits[spec.split] if spec.split else next(iter(splits.values()), ())
    if not files:
        raise SourceNotFoundError(
            f"{where} has no files",
            why="no file of the dataset matches the paths of its card",
            fix=f"name the files in {INCLUDE}",
        )
    return files


def _nothing(
    what: str, kind: str, found: Sequence[str], wanted: str = "", option: str = ""
) -> SourceNotFoundError:
    shown = ", ".join(found[:_SHOWN]) or "none"
    more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    by_case = {name.lower(): name for name in found}
    near = difflib.get_close_matches(wanted.lower(), by_case, 1) if wanted else []
    fix = f"did you mean {by_case[near[0]]}?" if near else "name one of them"
    fix += f" in source.{option} or --{option}" if option else ""
    return SourceNotFoundError(what, why=f"its {kind}: {shown}{more}", fix=fix if found else "")
