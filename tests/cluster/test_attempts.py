"""A hostile generator in a pod: what it attempts is refused, and its samples say so."""

from __future__ import annotations

import io
import tarfile

import pytest

from support.attempts.hostile.refused import WAYS
from support.attempts.repository import NAME, spec, told
from support.cluster.installation import Installation
from support.cluster.runs import Run, start_run
from vrdata.dataset import layout

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def run(installed: Installation) -> Run:
    """A finished run of one sample."""
    started = start_run(installed, installed.namespace("hostile"), "demo", spec())
    started.wait("Finished")
    return started


def prompt_of(run: Run) -> str:
    """The prompt of its sample."""
    body = run.store().get(layout.shard_tar_key(NAME, 0))
    with tarfile.open(fileobj=io.BytesIO(body)) as shard:
        member = next(one for one in shard if one.name.endswith("prompt.txt"))
        content = shard.extractfile(member)
        assert content is not None
        return content.read().decode()


def test_no_attempt_succeeds_in_a_pod(run: Run) -> None:
    met = told(prompt_of(run))
    assert {way: open_ones for way, (_, open_ones) in met.items()} == {way: {} for way in WAYS}
    assert min(met[way][0] for way in ("python", "started", "raw")) > 100


def test_the_keys_of_the_store_are_nowhere_in_its_data(run: Run) -> None:
    keys = {run.installed.bucket.access_key, run.installed.bucket.secret_key}
    store = run.store()
    for entry in store.list_after(""):
        body = store.get(entry.key)
        assert not [key for key in keys if key.encode() in body], entry.key
