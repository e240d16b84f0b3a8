"""Staged parts stay within a limit of bytes, and those in use stay."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from support.polling import wait_until
from vrdata.contract.reasons import FailureReason
from vrdata.sources.port import Part, PartFile
from vrdata_worker.child.usage import Space
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging import cache as module
from vrdata_worker.staging.cache import PartCache

MIB = 2**20


def part(first: int, mib: int = 1) -> Part:
    return Part(first, 1, (PartFile(f"{first}.bin", mib * MIB - 8192),))


def never() -> bool:
    return False


def stage(cache: PartCache, *parts: Part) -> list[int]:
    """Hold parts and stage them; returns the first items of those that were not there."""
    missing = cache.hold(parts, never)
    for one in missing:
        cache.folder_of(one).mkdir()
        cache.staged(one)
    return [one.first for one in missing]


def there(folder: Path) -> set[int]:
    return {int(path.name) for path in folder.iterdir()}


def test_the_part_that_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    cache = PartCache(tmp_path, 3 * MIB)
    for number in (0, 1, 2):
        stage(cache, part(number))
        cache.release([part(number)])
    stage(cache, part(0))  # used again
    stage(cache, part(3))
    assert there(tmp_path) == {0, 2, 3}


def test_a_part_that_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    cache = PartCache(tmp_path, 3 * MIB)
    assert stage(cache, part(0), part(1)) == [0, 1]
    assert stage(cache, part(1), part(2)) == [2]
    cache.release([part(0), part(1)])
    assert stage(cache, part(1)) == []
    assert there(tmp_path) == {0, 1, 2}


def test_parts_in_use_are_never_removed_and_others_wait_for_them(tmp_path: Path) -> None:
    cache = PartCache(tmp_path, 3 * MIB)
    stage(cache, part(0), part(1))
    done: list[list[int]] = []
    thread = threading.Thread(target=lambda: done.append(stage(cache, part(2, 2))))
    thread.start()
    thread.join(0.3)
    assert there(tmp_path) == {0, 1}
    cache.release([part(0)])
    wait_until(lambda: bool(done), "room", 10)
    assert (done, there(tmp_path)) == ([[2]], {1, 2})


def test_a_part_that_two_blocks_use_stays_until_both_have_ended(tmp_path: Path) -> None:
    cache = PartCache(tmp_path, 2 * MIB)
    stage(cache, part(0))
    stage(cache, part(0))
    cache.release([part(0)])
    with pytest.raises(ShardFailedError):
        cache.hold([part(1, 2)], lambda: True)
    cache.release([part(0)])
    assert stage(cache, part(1, 2)) == [1]
    assert there(tmp_path) == {1}


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ([part(0), part(7, 4)], "a part of 7.bin needs 4.0 MiB"),
        ([part(0, 2), part(1, 2)], "the 2 parts of a block need 4.0 MiB"),
    ],
)
def test_items_that_never_fit_are_too_large(tmp_path: Path, parts: list[Part], what: str) -> None:
    with pytest.raises(ShardFailedError) as caught:
        PartCache(tmp_path, 3 * MIB).hold(parts, never)
    failure = caught.value.failure
    assert failure.reason is FailureReason.TOO_LARGE
    assert failure.message.startswith(f"{what}, more than the 3.0 MiB of scratch space for items")
    assert "ephemeralStorage" in failure.message


def test_a_file_system_without_space_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = Space(5 * MIB, 10**6)
    monkeypatch.setattr(module, "free_space", lambda _: (free, Space(4 * MIB, 0)))
    cache = PartCache(tmp_path, 0)
    with pytest.raises(ShardFailedError) as caught:
        cache.hold([part(0), part(1)], never)
    failure = caught.value.failure
    assert (failure.reason, caught.value.lasting) == (FailureReason.STORAGE_UNAVAILABLE, True)
    assert "too little space for the items of a block: they need 2.0 MiB, and 5.0 MiB" in (
        failure.message
    )
    assert stage(cache, part(0)) == [0]


def test_parts_that_are_being_fetched_count_as_used_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "free_space", lambda _: (Space(3 * MIB, 10**6), Space(MIB, 0)))
    cache = PartCache(tmp_path, 0)
    cache.hold([part(0, 2)], never)
    with pytest.raises(ShardFailedError):
        cache.hold([part(1)], lambda: True)


def test_a_part_that_could_not_be_fetched_leaves_nothing(tmp_path: Path) -> None:
    cache = PartCache(tmp_path, 3 * MIB)
    cache.hold([part(0)], never)
    (tmp_path / "0").mkdir()
    cache.release([part(0)])
    assert there(tmp_path) == set()
    assert stage(cache, part(0)) == [0]


def test_unused_parts_keep_little_space_and_the_last_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_BYTES", 2 * MIB)
    cache = PartCache(tmp_path, 100 * MIB)
    parts = [part(number) for number in range(4)]
    stage(cache, *parts)
    cache.release(parts)
    assert there(tmp_path) == {2, 3}
    large = part(9, 50)
    stage(cache, large)
    cache.release([large])
    assert there(tmp_path) == {9}
