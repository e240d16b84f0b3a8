"""One decision from plain facts: the status is consistent, small, and depends on nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.lives import DIGEST, profile_object, run_object
from support.operator.failures import failed_attempt
from vrdata.api.profile import GenerationProfile
from vrdata.api.run import GenerationRun
from vrdata.api.status import GenerationRunStatus
from vrdata.contract.reasons import FailureReason
from vrdata.contract.worker import WorkerConfig
from vrdata.model import canonical_json
from vrdata.plan.planned import Plan, PlannedGenerator, PlannedOutput, Shard
from vrdata_operator.decide import (
    ApplyJob,
    DeleteJob,
    ReshapeJob,
    StoreWave,
    decide,
)
from vrdata_operator.policy.finalisation import INDEX_JOB_SHARDS
from vrdata_operator.policy.retries import first_waves
from vrdata_operator.specs.pods import store_settings
from vrdata_operator.state.facts import Facts, JobFacts, PodFacts, Totals
from vrdata_operator.state.history import History
from vrdata_operator.state.identity import RunIdentity
from vrdata_operator.state.names import final_job, index_job, wave_job
from vrdata_operator.state.run import RunView
from vrdata_operator.state.shard_sets import ShardSet

NOW = 1_800_000_000.0
PROFILE = GenerationProfile.model_validate(profile_object()).spec


def make_view(shards: int = 4, generators: int = 1, **spec: Any) -> RunView:
    """A run of `generators` O-class generators with `shards` shards of one sample each."""
    run = GenerationRun.model_validate(run_object(**spec))
    plan = Plan(
        namespace="team",
        run="demo",
        seed=1,
        output=PlannedOutput(format="webdataset", video="h264"),
        generators=tuple(
            PlannedGenerator(
                name=f"O-{at:03}",
                generator_class="O",
                digest=DIGEST,
                samples=shards,
                block_size=1,
                shard_blocks=1,
            )
            for at in range(generators)
        ),
    )
    return RunView(
        identity=RunIdentity("demo", "team", "uid-1", run.spec.queue_name),
        generation=3,
        spec=run.spec,
        profile=PROFILE,
        plan=plan,
        config=WorkerConfig(
            store=store_settings(PROFILE.storage), prefix="team/demo/", plan=plan.hash
        ),
        url="s3://bucket/root/team/demo/",
        pods=run.spec.parallelism or 1000,
        status=GenerationRunStatus(),
        facts=Facts(now=NOW),
    )


def seen(view: RunView, **facts: Any) -> RunView:
    """The same run with other facts."""
    return replace(view, facts=replace(view.facts, **facts))


def started(view: RunView, **job: Any) -> RunView:
    """The first wave is stored and its Job exists."""
    waves = first_waves(
        view.plan, ShardSet(), History((), "uid-1"), view.profile, view.spec.failure_policy
    )
    facts: dict[str, Any] = {"parallelism": view.pods, "owner_uid": "uid-1", "wave": 0}
    name = wave_job("uid-1", 0)
    made = JobFacts(name=name, task="shard", **(facts | job))
    return seen(view, waves=tuple(waves), jobs={name: made})


def finalised(view: RunView) -> RunView:
    """Every shard is committed and the run's final Job has succeeded."""
    final = JobFacts(
        name=final_job("uid-1"), task="finalise", finished=True, succeeded=True, owner_uid="uid-1"
    )
    return seen(
        view,
        committed=ShardSet.of_plan(view.plan),
        dataset_hash="sha256:x",
        jobs=view.facts.jobs | {final.name: final},
    )


def condition(view: RunView, kind: Any) -> tuple[str, str]:
    found = decide(view).status.condition(kind)
    assert found is not None
    return found.status, found.reason


def test_a_new_run_stores_its_wave_before_its_job() -> None:
    actions = decide(make_view()).actions
    assert [type(one) for one in actions] == [StoreWave, ApplyJob]


def test_no_action_is_taken_while_jobs_have_the_wanted_shape() -> None:
    assert decide(started(make_view(parallelism=2))).actions == ()


def test_a_changed_parallelism_reshapes_the_job() -> None:
    (action,) = decide(started(make_view(parallelism=2), parallelism=4)).actions
    assert isinstance(action, ReshapeJob)
    assert (action.shape.parallelism, action.shape.suspend) == (2, False)


def test_suspending_a_run_suspends_its_job() -> None:
    (action,) = decide(started(make_view(parallelism=2, suspend=True))).actions
    assert isinstance(action, ReshapeJob)
    assert action.shape.suspend


def test_parallelism_never_exceeds_the_number_of_open_shards() -> None:
    view = started(make_view(shards=4, parallelism=4))
    three = seen(view, committed=ShardSet.of(Shard("O-000", at) for at in range(3)))
    (action,) = decide(three).actions
    assert isinstance(action, ReshapeJob)
    assert action.shape.parallelism == 1


def test_a_complete_run_is_finalised_once() -> None:
    view = started(make_view(shards=1))
    view = seen(view, committed=ShardSet.of([Shard("O-000", 0)]))
    (action,) = decide(view).actions
    assert isinstance(action, ApplyJob)
    final = JobFacts(name=final_job("uid-1"), task="finalise", owner_uid="uid-1")
    assert decide(seen(view, jobs=view.facts.jobs | {final.name: final})).actions == ()


def test_a_large_run_is_indexed_by_one_pod_per_generator_and_closed_by_one() -> None:
    view = make_view(shards=INDEX_JOB_SHARDS // 2 + 1, generators=2)
    view = seen(view, committed=ShardSet.of_plan(view.plan))
    (action,) = decide(view).actions
    assert isinstance(action, ApplyJob)
    spec = action.manifest["spec"]
    assert action.manifest["metadata"]["name"] == index_job("uid-1")
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 2, 2)
    index = JobFacts(name=index_job("uid-1"), task="index", owner_uid="uid-1", wave=None)
    assert decide(seen(view, jobs={index.name: index})).actions == ()
    ended = replace(index, finished=True, succeeded=True)
    (action,) = decide(seen(view, jobs={index.name: ended})).actions
    assert isinstance(action, ApplyJob)
    assert action.manifest["metadata"]["name"] == final_job("uid-1")


def test_a_dataset_hash_is_not_believed_while_a_shard_is_missing() -> None:
    view = seen(started(make_view()), dataset_hash="sha256:x")
    assert condition(view, "Finished") == ("False", "NotFinished")


def test_jobs_that_still_run_are_deleted_when_the_dataset_is_finished() -> None:
    view = finalised(started(make_view()))
    assert decide(view).actions == (DeleteJob(wave_job("uid-1", 0)),)
    assert condition(view, "Finished") == ("True", "AllSamples")


def test_duplicates_of_a_finished_dataset_are_in_its_status_and_its_message() -> None:
    status = decide(seen(finalised(started(make_view())), duplicates=2)).status
    found = status.condition("Succeeded")
    assert found is not None
    assert (status.duplicates, found.status) == (2, "True")
    assert "2 duplicates" in found.message


def test_a_finished_dataset_succeeds_even_if_the_deadline_has_passed_since() -> None:
    view = started(make_view(activeDeadlineSeconds=10))
    view = replace(view, status=GenerationRunStatus(start_time="2020-01-01T00:00:00Z"))
    assert condition(view, "Succeeded") == ("False", "DeadlineExceeded")
    assert condition(finalised(view), "Succeeded") == ("True", "AllSamples")


PENDING = PodFacts("p", wave_job("uid-1", 0), 1, reason="Unschedulable", message="no GPU")


def test_a_run_without_a_running_pod_is_stalled_and_quotes_the_scheduler() -> None:
    view = seen(started(make_view(), active=2), pods=(PENDING,))
    status = decide(view).status
    assert condition(view, "Stalled") == ("True", "Unschedulable")
    assert condition(view, "Progressing") == ("False", "Unschedulable")
    found = status.condition("Stalled")
    assert found is not None
    assert "no GPU" in found.message
    assert status.reason == "Unschedulable"


def test_a_run_with_running_pods_is_not_stalled_when_others_wait() -> None:
    """Tools that read conditions treat Stalled=True as a failure."""
    view = seen(started(make_view(), active=2, ready=1), pods=(PENDING,))
    assert condition(view, "Stalled") == ("False", "NothingWrong")
    assert condition(view, "Progressing") == ("True", "ShardsRunning")
    assert decide(view).status.reason == "Unschedulable"


@pytest.mark.parametrize(
    ("job", "phase"),
    [({}, "Pending"), ({"active": 2}, "Pending"), ({"active": 2, "ready": 1}, "Running")],
)
def test_phases_follow_the_pods(job: dict[str, int], phase: str) -> None:
    assert decide(started(make_view(), **job)).status.phase == phase


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_states_of_shards_and_samples_always_add_up(data: st.DataObject) -> None:
    view = started(make_view(shards=6), active=data.draw(st.integers(0, 9)))
    done = data.draw(st.sets(st.integers(0, 5)))
    failing = data.draw(st.sets(st.integers(0, 5)))
    ended = data.draw(st.booleans())
    retries = data.draw(st.integers(0, 1))
    (job,) = view.facts.jobs.values()
    policy = view.spec.failure_policy.model_copy(update={"retries": retries})
    view = replace(view, spec=view.spec.model_copy(update={"failure_policy": policy}))
    view = seen(
        view,
        jobs={job.name: replace(job, finished=ended)},
        committed=ShardSet.of(Shard("O-000", at) for at in done),
        totals={"O": Totals(shards=len(done), samples=len(done))},
        failures={
            ("O-000", at): failed_attempt(("O-000", at), 0, FailureReason.UNKNOWN) for at in failing
        },
    )
    status = decide(view).status
    counts = status.shards
    states = (counts.pending, counts.active, counts.retrying, counts.succeeded, counts.failed)
    assert min(states) >= 0
    assert sum(states) == 6
    assert counts.succeeded == len(done)
    assert status.samples.succeeded + status.samples.failed <= status.samples.desired == 6
    assert decide(view) == decide(view)


@pytest.mark.parametrize("letter", ["\n", "\N{SNOWMAN}"])
def test_the_status_of_the_largest_run_is_small(letter: str) -> None:
    """DESIGN: at most 64 KiB with 300 generators; here each fails with the longest message."""
    view = started(make_view(shards=2, generators=300))
    shards = tuple(view.facts.waves[0].shards())
    words = letter * 5000
    (job,) = view.facts.jobs.values()
    view = seen(
        view,
        jobs={job.name: replace(job, finished=True, reason="FailedIndexes")},
        failures={
            shard: failed_attempt(shard, 0, FailureReason.INVALID_OUTPUT, words, 1)
            for shard in shards
        },
        pods=(replace(PENDING, message=words),),
    )
    assert len(canonical_json(decide(view).status.to_dict())) < 64 * 1024


def test_the_status_of_a_running_run_estimates_its_completion() -> None:
    view = replace(started(make_view(shards=100), ready=1), rate=0.5)
    status = decide(view).status
    assert (status.rate, status.eta) == ("0.5/s", "3m")
    assert status.estimated_completion_time == "2027-01-15T08:03:20Z"
    assert decide(replace(view, rate=None)).status.eta == ""
