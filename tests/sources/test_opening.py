"""A URL that has nothing to read is refused with what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrdata.api.source import SourceSpec
from vrdata.errors import InvalidInputError, UsageError
from vrdata.sources.opening import open_source
from vrdata.sources.port import Part, Source, SourceNotFoundError


def of_path(path: Path, *include: str) -> Source:
    return open_source(SourceSpec(url=str(path), include=include))


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())


def parts(source: Source) -> list[Part]:
    return list(source.resolve(None).parts)


@pytest.mark.parametrize(
    ("names", "include", "why"),
    [
        ([], [], "it has no files, or hidden ones only"),
        ([".a"], [], "it has no files, or hidden ones only"),
        (["a.png", "b.png"], ["*.parquet"], "no file matches *.parquet"),
        (["README.md"], [], "it has README.md"),
    ],
)
def test_a_source_without_items_is_refused(
    tmp_path: Path, names: list[str], include: list[str], why: str
) -> None:
    fill(tmp_path, *names)
    with pytest.raises(SourceNotFoundError, match="has no items") as caught:
        parts(of_path(tmp_path, *include))
    assert why in caught.value.why


def test_a_table_without_rows_has_no_items(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n")
    with pytest.raises(SourceNotFoundError, match="its tables have no rows"):
        parts(of_path(tmp_path / "a.csv"))


def test_a_missing_path_names_what_there_is(tmp_path: Path) -> None:
    fill(tmp_path, "data/a.png", "other/b.png")
    with pytest.raises(SourceNotFoundError, match="does not exist") as caught:
        parts(of_path(tmp_path / "dat/a.png"))
    assert f"{tmp_path} has data" in caught.value.why


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({"url": "https://example.com/a.parquet"}, "https: is not a supported source"),
        ({"url": "s3://"}, "names no bucket"),
        ({"url": "file://host/a"}, "does not name a file of this machine"),
        ({"url": "data", "config": "x"}, "data has no config"),
        ({"url": "s3://b/p", "split": "x"}, "s3://b/p has no split"),
        ({"url": "data", "revision": "x"}, "data has no revision"),
    ],
)
def test_an_unusable_url_is_refused(spec: dict[str, str], error: str) -> None:
    with pytest.raises((InvalidInputError, UsageError), match=error):
        open_source(SourceSpec.model_validate(spec))
