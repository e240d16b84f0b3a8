"""The guarantees of every store, tested with a folder and with a real S3 server."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.objects import keys, put
from vrdata.errors import InvalidInputError
from vrdata.store.counting import CountingStore
from vrdata.store.opening import PrefixedStore
from vrdata.store.port import DigestMismatchError, ObjectNotFoundError, ObjectStore
from vrdata.store.probe import probe
from vrdata.store.streaming import read_chunks, sha256_object


def test_put_new_creates_an_object_that_can_be_read(store: ObjectStore) -> None:
    assert put(store, "a/b.json", b"{}")
    assert store.get("a/b.json") == b"{}"


def test_put_new_leaves_an_existing_object_unchanged(store: ObjectStore) -> None:
    put(store, "a", b"first")
    assert not put(store, "a", b"second")
    assert store.get("a") == b"first"


def test_put_new_stores_a_local_file(store: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(bytes(range(256)) * 20_000)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert store.put_new("big.tar", path, sha256=digest)
    assert sha256_object(store, "big.tar", path.stat().st_size) == digest


def test_put_new_stores_an_empty_body(store: ObjectStore) -> None:
    assert put(store, "empty", b"")
    assert store.get("empty") == b""
    assert keys(store) == ["empty"]


def test_put_new_refuses_bytes_with_another_digest_and_writes_nothing(store: ObjectStore) -> None:
    with pytest.raises(DigestMismatchError):
        store.put_new("a", b"sent", sha256=hashlib.sha256(b"announced").hexdigest())
    assert store.head("a") is None
    assert keys(store) == []


def test_exactly_one_of_many_concurrent_writers_succeeds(store: ObjectStore) -> None:
    bodies = [f"writer {number}".encode() * 1000 for number in range(8)]
    with ThreadPoolExecutor(len(bodies)) as pool:
        for race in range(5):
            key = f"race/{race}"
            won = list(pool.map(lambda body, key=key: put(store, key, body), bodies))
            assert won.count(True) == 1
            assert store.get(key) == bodies[won.index(True)]


def test_head_returns_size_and_digest(store: ObjectStore) -> None:
    put(store, "a", b"hello")
    info = store.head("a")
    assert info is not None
    assert (info.key, info.size) == ("a", 5)
    assert info.sha256 == hashlib.sha256(b"hello").hexdigest()


def test_head_of_a_missing_object_is_none(store: ObjectStore) -> None:
    assert store.head("nothing/here") is None


def test_get_of_a_missing_object_is_an_error_that_names_it(store: ObjectStore) -> None:
    with pytest.raises(ObjectNotFoundError, match="nothing"):
        store.get("nothing")
    put(store, "folder/file")
    with pytest.raises(ObjectNotFoundError):
        store.get("folder")
    with pytest.raises(ObjectNotFoundError):
        store.get_range("folder/file/below", 0, 1)


def test_get_range_reads_a_part_and_stops_at_the_end(store: ObjectStore) -> None:
    put(store, "a", b"0123456789")
    assert store.get_range("a", 3, 4) == b"3456"
    assert store.get_range("a", 8, 100) == b"89"
    assert store.get_range("a", 10, 1) == b""
    assert store.get_range("a", 0, 0) == b""


def test_a_listing_is_sorted_by_the_bytes_of_keys(store: ObjectStore) -> None:
    wanted = ["a!", "a-b/c", "a/b", "a/b.c", "a/b0", "a0/x", "aZ", "a_", "aé", "a文/1", "b"]
    for key in reversed(wanted):
        put(store, key)
    assert sorted(wanted, key=str.encode) == wanted
    assert keys(store) == wanted


def test_a_listing_continues_after_any_key(store: ObjectStore) -> None:
    every = ["a-b/1", "a-b/2", "a/1", "a/2/3", "a/2/4", "b"]
    for key in every:
        put(store, key)
    for after in [*every, "a", "a/", "a/2", "a/2/", "a/2/9", "a.", "c"]:
        assert keys(store, after=after) == [key for key in every if key > after], after


def test_a_prefix_may_end_within_a_name(store: ObjectStore) -> None:
    for key in ["a/b1/x", "a/b2/x", "a/c", "ab/x"]:
        put(store, key)
    assert keys(store, "a/b") == ["a/b1/x", "a/b2/x"]
    assert keys(store, "a") == ["a/b1/x", "a/b2/x", "a/c", "ab/x"]
    assert keys(store, "a/b", "a/b1/x") == ["a/b2/x"]
    assert keys(store, "a/c") == ["a/c"]
    assert keys(store, "a/c/") == []
    assert keys(store, "nothing/at/all") == []


def test_a_listing_returns_sizes(store: ObjectStore) -> None:
    put(store, "a", b"12345")
    assert [info.size for info in store.list_after("")] == [5]


def test_a_new_store_is_empty(store: ObjectStore) -> None:
    assert keys(store) == []
    assert keys(store, "a/b") == []


def test_delete_removes_an_object_and_frees_its_key(store: ObjectStore) -> None:
    put(store, "a/b", b"1")
    store.delete("a/b")
    assert store.head("a/b") is None
    assert put(store, "a/b", b"2")


def test_deleting_a_missing_object_is_not_an_error(store: ObjectStore) -> None:
    store.delete("nothing/here")


@pytest.mark.parametrize("key", ["", "/a", "a//b", "a/", "../a", "a/../b", ".", "a\nb", "a\x00b"])
def test_an_invalid_key_is_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a valid object key"):
        put(store, key)
    with pytest.raises(InvalidInputError):
        store.delete(key)


def test_read_chunks_returns_all_bytes(store: ObjectStore) -> None:
    put(store, "a", b"0123456789")
    assert list(read_chunks(store, "a", 10, chunk=4)) == [b"0123", b"4567", b"89"]


def test_a_prefixed_store_sees_only_its_part(store: ObjectStore) -> None:
    part = PrefixedStore(store, "ns/run")
    put(store, "ns/run2/x")
    assert put(part, "a", b"1")
    assert put(part, "b/c", b"2")
    assert store.get("ns/run/a") == b"1"
    assert keys(part) == ["a", "b/c"]
    assert keys(part, "b", "a") == ["b/c"]
    info = part.head("a")
    assert info is not None
    assert info.key == "a"
    assert part.get_range("b/c", 0, 1) == b"2"
    assert part.url == f"{store.url}/ns/run/"
    part.delete("a")
    assert keys(store) == ["ns/run/b/c", "ns/run2/x"]


def test_the_probe_finds_a_good_store_strict_and_removes_its_objects(store: ObjectStore) -> None:
    put(store, "mine")
    counting = CountingStore(store)
    result = probe(counting)
    assert counting.total <= 53
    assert (result.mode, result.reasons, result.notes) == ("strict", (), ())
    assert keys(store) == ["mine"]


def test_a_later_object_has_no_earlier_time_in_listings_and_heads(store: ObjectStore) -> None:
    for key in ("b", "a"):
        put(store, key, b"body")
    listed = {info.key: info.modified for info in store.list_after("")}
    assert listed["a"] is not None
    assert listed["b"] is not None
    assert listed["b"] <= listed["a"]
    for key, modified in listed.items():
        found = store.head(key)
        assert found is not None
        assert found.modified == modified
    assert {info.modified for info in PrefixedStore(store, "").list_after("a")} == {listed["a"]}
