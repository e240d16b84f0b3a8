"""Runs that are rejected or cannot continue: reason, fix, and nothing overwritten."""

from __future__ import annotations

import json

import pytest

from support.lives import FIRST, SECOND, SYSTEM, Life, profile_object, run_object
from support.operator.fakepods import task_of
from vrdata.dataset import layout
from vrdata.store.port import StoreAccessError
from vrdata_operator.state.facts import JobEvent


def test_a_job_of_another_owner_with_the_runs_job_name_fails_the_run_and_is_not_changed(
    life: Life,
) -> None:
    life.create()
    life.live(until=lambda: life.status().phase == "Running")
    life.job(FIRST)["metadata"]["ownerReferences"][0]["uid"] = "somebody"
    before = json.dumps(life.job(FIRST), sort_keys=True)
    life.turn()
    life.turn()
    assert life.reason("Succeeded") == ("False", "JobNameConflict")
    assert json.dumps(life.job(FIRST), sort_keys=True) == before
    assert ("team", SECOND) not in life.cluster.jobs


def test_a_job_with_the_runs_label_and_another_name_is_not_a_conflict(life: Life) -> None:
    life.create()
    life.live(until=lambda: life.status().phase == "Running")
    copy = json.loads(json.dumps(life.job(FIRST)))
    copy["metadata"] |= {"name": "copy-for-looking", "ownerReferences": []}
    life.cluster.jobs["team", "copy-for-looking"] = copy | {"status": {"conditions": []}}
    copy["spec"]["suspend"] = True
    assert life.live().phase == "Succeeded"
    assert ("team", "copy-for-looking") in life.cluster.jobs


def test_a_worker_that_rejects_the_plan_fails_the_run(life: Life) -> None:
    life.workers.script = lambda _: "ContractMismatch"
    life.create()
    life.live()
    assert life.reason("Succeeded") == ("False", "ContractMismatch")
    assert len(life.workers.tries) == 2


def test_a_worker_whose_kernel_cannot_sandbox_fails_the_run(life: Life) -> None:
    life.workers.script = lambda _: "NotHermetic"
    life.install(profile_object(hermetic="Kernel"))
    life.create()
    life.live()
    task = task_of(life.job(FIRST))
    assert task.shard is not None
    assert task.shard.config.hermetic == "kernel"
    found = life.condition("Succeeded")
    assert (found.status, found.reason) == ("False", "NotHermetic")
    assert "why NotHermetic" in found.message  # what the worker says of its kernel
    assert "nodeSelector" in found.message
    assert len(life.workers.tries) == 2  # one of each class, and no retry


def test_a_finalisation_that_fails_for_good_fails_the_run_with_its_reason(life: Life) -> None:
    life.workers.final_script = lambda _job: "ContractMismatch"
    life.create()
    life.live()
    found = life.condition("Succeeded")
    assert (found.status, found.reason) == ("False", "FinalisationFailed")
    assert "ContractMismatch: why" in found.message


def test_a_rejected_run_starts_after_an_administrator_fixes_the_cause(life: Life) -> None:
    life.create(run_object(profile="gold"))
    turn = life.turn()
    assert life.status().reason == "UnknownProfile"
    assert turn.after <= 30
    life.install(profile_object("gold"))
    assert life.live().phase == "Succeeded"
    assert life.reason("Accepted") == ("True", "Planned")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"image": ""}, "by digest"),
        ({"storage": {}}, "persistentVolumeClaim"),
        ({"image": "worker:latest"}, "image"),
    ],
)
def test_an_unusable_profile_is_named(life: Life, spec: dict[str, object], words: str) -> None:
    life.install(profile_object(**spec))
    life.create()
    life.turn()
    found = life.condition("Accepted")
    assert found.reason == "InvalidProfile"
    assert "'default'" in found.message
    assert words in found.message


def test_the_profile_is_read_once_in_each_turn(life: Life) -> None:
    life.create()
    for turn in range(1, 6):
        life.turn()
        life.workers.work()
        assert life.cluster.profile_reads == turn


def test_the_catalogue_of_an_image_is_read_once_for_all_runs(life: Life) -> None:
    life.create()
    life.live()
    life.create(run_object("other"), uid="uid-2")
    life.live(name="other")
    life.restart()
    life.create(run_object("third"), uid="uid-3")
    life.live(name="third")
    name = life.asking()
    assert life.cluster.made[SYSTEM, name] == 1
    owner = life.job(name, SYSTEM)["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"]) == ("GenerationProfile", "default")


def test_a_catalogue_that_the_operator_cannot_see_is_reported_and_not_read_again(
    life: Life,
) -> None:
    life.create()
    life.turn()
    life.workers.work()
    key = next(key for key in life.store.objects if key.startswith(layout.CATALOGUES))
    del life.store.objects[key]
    for _ in range(3):
        life.turn()
    assert life.reason("Accepted") == ("False", "CatalogueUnreadable")
    assert life.cluster.made[SYSTEM, life.asking()] == 1


def test_a_changed_profile_reads_its_catalogue_again(life: Life) -> None:
    life.create()
    life.turn()
    first = life.asking()
    life.install(profile_object(storage={"url": "s3://another/root"}))
    life.turn()
    asked = {name for namespace, name in life.cluster.jobs if namespace == SYSTEM}
    assert len(asked) == 2
    assert first in asked


def test_another_catalogue_file_of_the_image_is_read_separately(life: Life) -> None:
    life.create()
    life.live()
    life.install(profile_object("own", catalogue="/own/catalogue.json"))
    life.create(run_object("own", profile="own"), uid="uid-2")
    life.turn("own")
    assert len([name for namespace, name in life.cluster.jobs if namespace == SYSTEM]) == 2


@pytest.mark.parametrize("claim", ["", "team-data"])
def test_a_claim_that_the_operator_does_not_mount_is_rejected(life: Life, claim: str) -> None:
    life.claim = "shared-data" if claim else ""
    life.restart()
    life.install(profile_object(storage={"persistentVolumeClaim": "team-data"}))
    life.create()
    life.turn()
    found = life.condition("Accepted")
    assert found.reason == "InvalidProfile"
    assert "team-data" in found.message
    assert "storage.persistentVolumeClaim" in found.message
    assert not life.cluster.jobs


def test_the_claim_that_the_operator_mounts_is_used(life: Life) -> None:
    life.claim = "team-data"
    life.restart()
    life.install(profile_object(storage={"persistentVolumeClaim": "team-data"}))
    life.create()
    assert life.live().phase == "Succeeded"


def test_a_retry_wave_without_quota_has_the_reason_even_if_earlier_pods_failed(life: Life) -> None:
    life.workers.script = lambda one: "InvalidOutput" if one.attempt == 0 else ""
    life.create(run_object(generators=[{"name": "O-maze", "samples": 10}]))
    life.live(until=lambda: ("team", SECOND) in life.cluster.jobs)
    words = 'pods "x" is forbidden: exceeded quota: small'
    life.cluster.job_warnings.append(JobEvent(SECOND, "FailedCreate", words))
    life.turn()
    assert life.reason("Progressing") == ("False", "QuotaExceeded")


def test_an_unreachable_store_is_reported_until_it_is_reachable(life: Life) -> None:
    life.create()
    life.live(until=lambda: life.status().phase == "Running")
    listing = life.store.list_after

    def broken(prefix: str, after: str = "") -> object:
        raise StoreAccessError(f"{prefix}{after} cannot be listed", fix="check the bucket")

    life.store.list_after = broken  # type: ignore[assignment,method-assign]
    life.workers.work()
    life.turn()
    assert life.reason("Progressing") == ("False", "StorageUnavailable")
    assert life.status().phase == "Running"
    assert life.status().samples.desired == 60  # known counts are kept
    life.store.list_after = listing  # type: ignore[method-assign]
    assert life.live().phase == "Succeeded"


@pytest.mark.parametrize(
    ("spec", "reason", "words"),
    [
        ({"profile": "gold"}, "UnknownProfile", "spec.profile"),
        (
            {"generators": [{"name": "O-mazes", "samples": 1}]},
            "UnknownGenerator",
            "? Name",
        ),
        ({"generators": [{"name": "O-maze", "samples": 101}]}, "TooManySamples", "allows 100"),
        ({"queueName": "gold"}, "QueueNotAllowed", "allows: gpu"),
        ({"parallelism": 9}, "TooMuchParallelism", "allows 8"),
        ({"dedup": {"enabled": True}}, "InvalidSpec", "Set it to false"),
        ({"generators": []}, "InvalidSpec", "spec.generators"),
    ],
)
def test_a_rejected_run_has_a_reason_and_creates_no_job(
    life: Life, spec: dict[str, object], reason: str, words: str
) -> None:
    limits = {"maxSamples": 100, "maxParallelism": 8}
    life.install(profile_object(limits=limits, allowedQueues=["gpu"]))
    life.create(run_object(**spec))
    life.live(until=lambda: life.status().reason == reason)
    found = life.condition("Accepted")
    assert (found.status, found.reason) == ("False", reason)
    assert words in found.message
    assert life.status().phase == "Pending"
    assert not any(where == "team" for where, _ in life.cluster.jobs)
    assert not any(key.startswith("team/") for key in life.store.objects)
    assert life.events().count("Rejected") == 1
