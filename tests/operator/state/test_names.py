"""Names in the cluster: short enough, stable across restarts, and unique."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.lives import run_object
from vrdata.api.metadata import DNS_LABEL, MAX_RUN_NAME
from vrdata.api.run import GenerationRun
from vrdata_operator.specs.inputs import image_digest
from vrdata_operator.state.identity import RunIdentity
from vrdata_operator.state.names import describe_job, final_job, selector, wave_job

UIDS = st.uuids().map(str)
WAVES = st.integers(0, 9999)
LABEL = re.compile(DNS_LABEL)


@given(uid=UIDS, wave=WAVES)
def test_the_host_name_of_every_pod_is_a_label(uid: str, wave: int) -> None:
    """The host name of an Indexed Job's pod is {Job}-{index}; at most 63 characters."""
    for name in (wave_job(uid, wave), final_job(uid), describe_job({"any": "spec"})):
        host = f"{name}-9999"
        assert len(host) <= 63
        assert LABEL.fullmatch(host)


@given(uids=st.lists(UIDS, min_size=2, max_size=20, unique=True), wave=WAVES)
def test_runs_never_share_a_job(uids: list[str], wave: int) -> None:
    names = [wave_job(uid, wave) for uid in uids] + [final_job(uid) for uid in uids]
    assert len(set(names)) == len(names)


@given(uid=UIDS, waves=st.lists(WAVES, min_size=2, unique=True))
def test_waves_of_a_run_never_share_a_job(uid: str, waves: list[int]) -> None:
    assert len({wave_job(uid, wave) for wave in waves}) == len(waves)


def test_the_name_of_a_waves_job_never_changes() -> None:
    assert wave_job("uid-1", 3) == "vr-4a49acf8a6-w3"
    assert final_job("uid-1") == "vr-4a49acf8a6-final"
    assert describe_job({}) == "vr-catalogue-44136fa355"


@given(name=st.from_regex(DNS_LABEL, fullmatch=True).filter(lambda one: len(one) <= MAX_RUN_NAME))
def test_a_runs_name_and_uid_fit_into_labels(name: str) -> None:
    run = GenerationRun.model_validate(run_object(name))
    identity = RunIdentity(run.metadata.name, "team", "8" * 36)
    assert len(identity.name) <= 63
    assert selector(identity.uid) == f"vrdata.dev/run-uid={identity.uid}"


def test_an_image_without_a_digest_is_rejected() -> None:
    with pytest.raises(ValueError, match="has no digest"):
        image_digest("registry/worker:latest")
