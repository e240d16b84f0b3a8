"""The dataset hash and the sorting under it."""

import hashlib
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import build_finished_run, make_plan
from support.memorystore import MemoryStore
from vrdata.bounded.sorting import MERGED_RUNS, SortedLines
from vrdata.dataset.hashes import DatasetHasher, dataset_hash

PRINTABLE = st.characters(exclude_categories=("C", "Z"), include_characters=" ")
NAMES = st.text(PRINTABLE, min_size=1, max_size=8)
FILES = st.lists(st.tuples(NAMES, NAMES, st.sampled_from(["aa", "bb"])), max_size=30)


def test_the_hash_is_sha256_over_the_sorted_lines() -> None:
    lines = b"maze_00000000/a.png aa\nmaze_00000000/b.png bb\nmaze_00000001/a.png cc\n"
    expected = "sha256:" + hashlib.sha256(lines).hexdigest()
    files = [
        ("maze_00000001", "a.png", "cc"),
        ("maze_00000000", "b.png", "bb"),
        ("maze_00000000", "a.png", "aa"),
    ]
    assert dataset_hash(files) == expected


def test_nothing_at_all_has_the_hash_of_nothing() -> None:
    assert dataset_hash([]) == "sha256:" + hashlib.sha256(b"").hexdigest()


@given(FILES, st.randoms(use_true_random=False))
def test_order_and_runs_on_disk_do_not_change_the_hash(
    files: list[tuple[str, str, str]], chance: random.Random
) -> None:
    shuffled = files[:]
    chance.shuffle(shuffled)
    with DatasetHasher(run_lines=3) as hasher:
        for file in shuffled:
            hasher.add(*file)
        assert hasher.hexdigest() == dataset_hash(files)


@given(FILES.filter(len))
def test_a_file_more_or_less_changes_the_hash(files: list[tuple[str, str, str]]) -> None:
    assert dataset_hash(files[1:]) != dataset_hash(files)


@given(st.lists(st.binary(max_size=4).map(lambda line: line.replace(b"\n", b"") + b"\n")))
def test_sorted_lines_are_all_lines_in_byte_order(lines: list[bytes]) -> None:
    with SortedLines(run_lines=4) as collected:
        for line in lines:
            collected.add(line)
        assert list(collected) == sorted(lines)


def test_few_files_are_open_however_many_lines_are_sorted() -> None:
    lines = [b"%d\n" % (number * 7919 % 3001) for number in range(3000)]
    before = len(list(Path("/proc/self/fd").iterdir()))
    with SortedLines(run_lines=1) as collected:
        for line in lines:
            collected.add(line)
        opened = len(list(Path("/proc/self/fd").iterdir())) - before
        assert opened <= 3 * MERGED_RUNS
        assert list(collected) == sorted(lines)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("output_format", ["webdataset", "tar", "files", "parquet"])
@pytest.mark.parametrize("shard_blocks", [1, 3])
def test_format_and_sharding_do_not_change_the_hash(output_format: str, shard_blocks: int) -> None:
    samples = {"O-1_maze": 5, "G-2_maze": 3}  # two generators of one domain
    reference = build_finished_run(MemoryStore(), make_plan(samples))
    plan = make_plan(samples, output_format=output_format, shard_blocks=shard_blocks)  # type: ignore[arg-type]
    assert build_finished_run(MemoryStore(), plan).dataset_hash == reference.dataset_hash


def test_another_seed_makes_another_hash() -> None:
    hashes = {
        build_finished_run(MemoryStore(), make_plan(seed=seed)).dataset_hash for seed in (1, 2)
    }
    assert len(hashes) == 2
