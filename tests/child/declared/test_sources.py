"""Which source serves a URL, and what it has."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vrdata_child.declared.sources import NAME, canonical, is_safe, read


def test_a_prefix_does_not_serve_a_longer_name_beside_it(declare: Callable[..., Any]) -> None:
    declared = declare(({"x": b"1"}, "s3://b/a"), ({"x": b"22"}, "s3://b/abc/"))
    assert declared.find("s3://b/a/x").size == 1
    assert declared.find("s3://b/abc/x").size == 2
    assert declared.find("s3://b/ab/x") is None
    assert declared.find("s3://bb/a/x") is None


def test_a_url_without_a_final_slash_is_a_file_or_a_folder(declare: Callable[..., Any]) -> None:
    declared = declare(({"x.zip": b"123"}, "s3://b/raw/x.zip"))
    assert declared.find("s3://b/raw/x.zip").size == 3
    assert list(declared.below("s3://b/raw/")) == ["s3://b/raw/x.zip"]


def test_the_most_specific_source_comes_first_and_others_fill_it(
    declare: Callable[..., Any],
) -> None:
    declared = declare(({"a/x": b"1", "a/y": b"1"}, "s3://b/"), ({"x": b"22"}, "s3://b/a/"))
    assert declared.find("s3://b/a/x").size == 2
    assert declared.find("s3://b/a/y").size == 1
    sizes = {url: one.size for url, one in declared.below("s3://b/").items()}
    assert sizes == {"s3://b/a/x": 2, "s3://b/a/y": 1}


def test_a_list_of_a_folder_above_a_source_is_not_complete(declare: Callable[..., Any]) -> None:
    declared = declare(({"x": b"1"}, "s3://b/a/c/"))
    covered = [prefix for prefix in ("", "a/", "a/c", "a/c/", "a/c/x") if _covers(declared, prefix)]
    assert covered == ["a/c", "a/c/", "a/c/x"]


def _covers(declared: Any, prefix: str) -> bool:
    return bool(declared.covers(f"s3://b/{prefix}"))


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "a//x", "", ".", "x/", "a\0"])
def test_a_name_that_leaves_its_folder_is_no_file(name: str, declare: Callable[..., Any]) -> None:
    declared = declare(({"a/x": b"1"}, "s3://b/"))
    assert not is_safe(name)
    found = declared.find(f"s3://b/{name}")
    assert found is None or found.size is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Data.Example:443/a%20b/%C3%A9", "https://data.example/a b/\u00e9"),
        ("http://data.example/x?y=1", "https://data.example/x?y=1"),
        ("hf://datasets/org/name@abc/sub/x", "hf://org/name/sub/x"),
        ("hf://org/name@abc", "hf://org/name"),
        ("s3://b/a%20b", "s3://b/a%20b"),
    ],
)
def test_urls_are_compared_in_one_spelling(url: str, expected: str) -> None:
    assert canonical(url) == expected


@pytest.fixture
def ranges(tmp_path: Path) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """The folder of a block with a source that is read by range, and the requests it gets."""
    folder = tmp_path / ("long" * 40)  # a path that is too long for the address of a socket
    folder.mkdir()
    line = {"place": "raw", "serves": ["s3://big/"], "folder": "", "socket": "ranges"}
    line["files"] = [["x.zip", 10_000_000], ["../evil", 3]]  # type: ignore[assignment]
    (folder / NAME).write_text(json.dumps([line]))
    asked: list[dict[str, Any]] = []
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    place = f"/proc/self/fd/{_opened(folder)}/ranges"
    listener.bind(place)
    listener.listen()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            while line := lines.readline():
                asked.append(json.loads(line))
                start, stop = asked[-1]["start"], asked[-1]["stop"]
                if start >= 9_000_000:
                    connection.sendall(b'{"error": "the source has changed"}\n')
                    continue
                connection.sendall(b'{"bytes": %d}\n' % (stop - start) + b"z" * (stop - start))

    thread = threading.Thread(target=serve)
    thread.start()
    yield folder, asked
    listener.close()
    thread.join(10)


def _opened(folder: Path) -> int:
    import os

    return os.open(folder, os.O_PATH | os.O_DIRECTORY)


def test_a_range_is_read_in_parts_of_bounded_size(
    ranges: tuple[Path, list[dict[str, Any]]],
) -> None:
    folder, asked = ranges
    source = read(folder).sources[0]
    assert list(source.names) == ["x.zip"]
    with source.open("x.zip") as file:
        file.seek  # noqa: B018 - a stream is only read
        assert file.read(8_500_000) == b"z" * 8_500_000
        with pytest.raises(OSError, match=r"x\.zip cannot be read from .* the source has changed"):
            file.read()
    sizes = [one["stop"] - one["start"] for one in asked]
    assert max(sizes) <= 4 * 1024 * 1024
    assert {one["source"] for one in asked} == {0}
    assert asked[0]["start"] == 0
