"""The proxy's faults, and what the store makes of each: the object is stored once, or an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.objects import keys, put
from support.services.faults import FAULTS, Asked, Fault, Scripted, Sometimes
from support.services.faulty_s3 import FaultyS3, running_faulty_s3
from support.services.s3server import S3Server
from vrdata.store.opening import open_store
from vrdata.store.port import ObjectStore, StorageError, StoreAccessError

BODY = bytes(range(256)) * 64


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[FaultyS3]:
    with running_faulty_s3(s3.endpoint) as running:
        yield running


def opened(s3: S3Server, proxy: FaultyS3, name: str) -> ObjectStore:
    """A new bucket, through the proxy."""
    return open_store(f"s3://{s3.make_bucket(name)}/root", endpoint=proxy.endpoint)


def test_a_seed_decides_which_requests_have_which_fault() -> None:
    asked = [Asked("PUT", f"/bucket/{name}", 0) for name in range(400)]
    chosen = [Sometimes("7", 0.2)(one) for one in asked]
    assert chosen == [Sometimes("7", 0.2)(one) for one in asked]
    assert chosen != [Sometimes("8", 0.2)(one) for one in asked]
    assert 40 < sum(fault is not None for fault in chosen) < 120


@pytest.mark.slow
@pytest.mark.s3
@pytest.mark.parametrize("fault", [one for one in FAULTS if one not in {"denied", "wrong bytes"}])
@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_one_fault_of_a_request_changes_nothing_that_is_stored(
    s3: S3Server, proxy: FaultyS3, fault: Fault, method: str
) -> None:
    store = opened(s3, proxy, f"once-{fault.replace(' ', '-')}-{method.lower()}")
    proxy.switches.choose = Scripted(fault, method, "one$")
    put(store, "one", BODY)
    assert store.get("one") == BODY
    assert keys(store) == ["one"]
    assert sum(proxy.faults.values()) == 1


@pytest.mark.slow
@pytest.mark.s3
def test_bytes_that_change_on_the_way_are_refused_and_not_stored(
    s3: S3Server, proxy: FaultyS3
) -> None:
    store = opened(s3, proxy, "wrong-bytes")
    proxy.switches.choose = Scripted("wrong bytes", times=1000)
    with pytest.raises(StorageError):
        put(store, "one", BODY)
    assert keys(store) == []
    proxy.switches.choose = Scripted("wrong bytes", times=0)
    assert put(store, "one", BODY)


@pytest.mark.slow
@pytest.mark.s3
def test_wrong_keys_and_a_store_that_is_down_have_different_errors(
    s3: S3Server, proxy: FaultyS3
) -> None:
    store = opened(s3, proxy, "denied")
    proxy.switches.denied = True
    with pytest.raises(StoreAccessError, match="access key"):
        put(store, "one")
    proxy.switches.denied, proxy.switches.down = False, True
    with pytest.raises(StorageError):
        put(store, "one")
    proxy.switches.down = False
    assert put(store, "one")
