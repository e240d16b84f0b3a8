"""The list of public pipelines, and the raw data that is made for them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.pipelines.formats.rle import compressed, run_lengths
from benchmarks.pipelines.pictures import mask
from benchmarks.pipelines.repositories import Repository, repositories

ALL = repositories()
ITEMS = 3
each = pytest.mark.parametrize("repository", ALL, ids=[one.name for one in ALL])


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_each_pipeline_of_the_list_has_its_own_name_and_a_commit() -> None:
    assert len({one.name for one in ALL}) == len({one.url for one in ALL}) == len(ALL)
    assert all(re.fullmatch("[0-9a-f]{40}", one.commit) for one in ALL)


@each
def test_raw_data_are_the_same_at_every_call(repository: Repository, tmp_path: Path) -> None:
    repository.make(tmp_path / "first", ITEMS)
    repository.make(tmp_path / "second", ITEMS, spoilt=bool(repository.spoil))
    first, second = digests(tmp_path / "first"), digests(tmp_path / "second")
    assert first
    assert first.keys() == second.keys()
    spoilt = [repository.spoil] if repository.spoil else []
    assert [name for name in first if first[name] != second[name]] == spoilt
    assert all((tmp_path / "first" / source.folder).is_dir() for source in repository.sources)


def test_data_without_a_file_for_each_item_cannot_be_spoilt(tmp_path: Path) -> None:
    repository = next(one for one in ALL if not one.spoil)
    with pytest.raises(ValueError, match="no file of an item can be spoilt"):
        repository.make(tmp_path, ITEMS, spoilt=True)


@pytest.mark.parametrize("item", range(4))
def test_a_compressed_mask_can_be_read_again(item: int) -> None:
    wanted = mask(item, 70, 50)
    wanted[0, 0] = item % 2  # a mask may begin with a set pixel
    lengths = expanded(compressed(run_lengths(wanted)))
    pixels = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    assert np.array_equal(pixels.reshape(50, 70, order="F"), wanted)


def expanded(text: str) -> list[int]:
    """Run lengths of a string of COCO's."""
    lengths: list[int] = []
    value = bits = 0
    for code in (ord(letter) - 48 for letter in text):
        value |= (code & 31) << bits
        bits += 5
        if not code & 32:
            value -= (code & 16) << (bits - 4)
            lengths.append(value + lengths[-2] if len(lengths) > 2 else value)
            value = bits = 0
    return lengths
