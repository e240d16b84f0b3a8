"""Failed shards: later waves, more memory, the failure budget."""

from __future__ import annotations

from support.lives import FINAL, FIRST, Life, profile_object, run_object
from support.operator.fakepods import pod_object
from support.operator.fakeworkers import Try


def fails_always(tried: Try) -> str:
    return "GeneratorFailed" if tried.shard == ("O-maze", 1) else ""


def test_a_failed_shard_is_retried_in_a_later_wave_and_the_run_succeeds(life: Life) -> None:
    life.workers.script = lambda tried: "InvalidOutput" if tried.attempt == 0 else ""
    life.create()
    status = life.live()
    assert (status.phase, status.samples.succeeded, status.failed) == ("Succeeded", 60, 0)
    assert status.failures == ()
    assert status.waves == 4
    assert "Retrying" in life.events()


def test_a_shard_out_of_memory_is_retried_with_twice_the_memory_up_to_the_ceiling(
    life: Life,
) -> None:
    life.install(profile_object(classes={"O": {"memory": "1Gi", "memoryCeiling": "3Gi"}}))
    life.workers.script = lambda one: "OOMKilled" if one.shard == ("O-maze", 0) else ""
    life.create(run_object(failurePolicy={"retries": 3}))
    life.live()
    tried = [one.memory for one in life.workers.tries if one.shard == ("O-maze", 0)]
    assert tried == [2**30, 2 * 2**30, 3 * 2**30, 3 * 2**30]
    others = {one.memory for one in life.workers.tries if one.shard[0] == "O-maze"} - set(tried[1:])
    assert others == {2**30}


def test_a_shard_that_fails_in_every_attempt_fails_the_run_after_all_others_are_committed(
    life: Life,
) -> None:
    life.workers.script = fails_always
    life.create()
    status = life.live()
    assert life.reason("Succeeded") == ("False", "FailureBudgetExceeded")
    assert status.phase == "Failed"
    assert (status.samples.succeeded, status.samples.failed) == (50, 10)
    assert (status.shards.succeeded, status.shards.failed) == (5, 1)
    assert [(one.generator, one.reason, one.shards) for one in status.failures] == [
        ("O-maze", "GeneratorFailed", 1)
    ]
    assert "why GeneratorFailed" in status.failures[0].message
    tries = [one.attempt for one in life.workers.tries if one.shard == ("O-maze", 1)]
    assert tries == [0, 1, 2]
    assert ("team", FINAL) not in life.cluster.jobs


def test_only_the_last_attempt_may_drop_samples(life: Life) -> None:
    life.workers.script = lambda one: "" if one.allowed else fails_always(one)
    life.workers.left_out = {("O-maze", 1): 2}
    life.create(run_object(failurePolicy={"maxFailedSamples": 3, "retries": 1}))
    status = life.live()
    assert [one.allowed for one in life.workers.tries if one.shard == ("O-maze", 1)] == [0, 3]
    assert life.reason("Succeeded") == ("True", "WithinFailureBudget")
    assert (status.samples.succeeded, status.samples.failed) == (58, 2)


def test_a_run_that_succeeds_says_why_samples_are_missing(life: Life) -> None:
    life.workers.left_out = {("O-maze", 1): 2, ("O-maze", 2): 1, ("G-ball", 0): 1}
    life.create(run_object(failurePolicy={"maxFailedSamples": 4, "retries": 0}))
    life.live(until=lambda: life.status().samples.failed == 4)
    life.restart()
    status = life.live()
    assert life.reason("Succeeded") == ("True", "WithinFailureBudget")
    assert "4 samples failed (EmptyPrompt 4)" in life.condition("Succeeded").message
    maze, ball = status.failures
    assert (maze.generator, maze.reason, maze.samples) == ("O-maze", "EmptyPrompt", 3)
    assert (maze.example_shard, maze.sample, maze.message) == (1, 10, "blank")
    assert (ball.generator, ball.samples) == ("G-ball", 1)
    assert maze.shards == ball.shards == 0


def test_a_shard_that_certainly_fails_again_is_tried_once(life: Life) -> None:
    life.workers.script, life.workers.retry = fails_always, "Useless"
    life.create(run_object(failurePolicy={"maxFailedSamples": 3}))
    status = life.live()
    assert [one.attempt for one in life.workers.tries if one.shard == ("O-maze", 1)] == [0]
    assert life.reason("Succeeded") == ("False", "FailureBudgetExceeded")
    assert (status.shards.succeeded, status.shards.failed) == (5, 1)


def test_samples_that_certainly_fail_again_are_dropped_by_the_next_attempt(life: Life) -> None:
    life.workers.script = lambda one: "" if one.allowed else fails_always(one)
    life.workers.retry = "Dropping"
    life.workers.left_out = {("O-maze", 1): 2}
    life.create(run_object(failurePolicy={"maxFailedSamples": 3, "retries": 5}))
    life.live()
    tried = [one for one in life.workers.tries if one.shard == ("O-maze", 1)]
    assert [(one.attempt, one.allowed) for one in tried] == [(0, 0), (1, 3)]
    assert life.reason("Succeeded") == ("True", "WithinFailureBudget")


def test_samples_that_certainly_fail_again_are_tried_once_without_a_budget(life: Life) -> None:
    life.workers.script, life.workers.retry = fails_always, "Dropping"
    life.create()
    life.live()
    assert [one.attempt for one in life.workers.tries if one.shard == ("O-maze", 1)] == [0]
    assert life.reason("Succeeded") == ("False", "FailureBudgetExceeded")


def test_more_failed_samples_than_the_budget_fail_the_run(life: Life) -> None:
    life.workers.left_out = {("O-maze", 0): 2, ("O-maze", 1): 2}
    life.create(run_object(failurePolicy={"maxFailedSamples": 3, "retries": 0}))
    life.live()
    assert life.reason("Succeeded") == ("False", "FailureBudgetExceeded")
    assert not life.status().dataset_hash  # no `_SUCCESS` for a failed run


def test_a_run_in_which_every_sample_failed_fails_whatever_its_budget(life: Life) -> None:
    life.workers.left_out = {
        (name, shard): 10 for name in ("O-maze", "G-ball") for shard in range(9)
    }
    life.create(run_object(failurePolicy={"maxFailedSamples": 1000, "retries": 0}))
    status = life.live()
    assert status.phase == "Failed"
    assert (status.samples.succeeded, status.samples.failed) == (0, 60)
    assert life.reason("Succeeded") == ("False", "NoSamples")
    assert not status.dataset_hash


def test_many_failed_shards_are_all_explained_and_all_get_more_memory(life: Life) -> None:
    """More pods than one page, and more records than one turn reads."""
    life.workers.script = lambda one: "OutOfMemory" if one.attempt == 0 else ""
    life.create(
        run_object(generators=[{"name": "O-maze", "samples": 7000}], shardSize=10, parallelism=700)
    )
    life.live(turns=12)
    again = [one.memory for one in life.workers.tries if one.attempt == 1]
    assert again == [4 * 2**30] * 700


def test_a_preempted_pod_is_not_the_cause_of_a_later_failure(life: Life) -> None:
    life.workers.script = fails_always
    life.create(run_object(failurePolicy={"retries": 0}))
    life.live(until=lambda: ("team", FIRST) in life.cluster.jobs)
    job = life.job(FIRST)
    labels = job["spec"]["template"]["metadata"]["labels"]
    life.live()
    disrupted = pod_object(job, f"{FIRST}-1-later", 1, labels, {"exitCode": 137, "reason": "Error"})
    disrupted["status"]["conditions"] = [{"type": "DisruptionTarget", "status": "True"}]
    life.cluster.pods.append(disrupted)
    status = life.status()
    life.cluster.runs["team", "demo"]["status"] = {}
    life.restart()
    life.turn()
    assert life.status().failures == status.failures
    assert status.failures[0].reason == "GeneratorFailed"


def test_a_failed_run_that_is_created_again_has_all_attempts_and_its_own_policy(life: Life) -> None:
    """Waves of the first object are in the store; they do not count as attempts of the second."""
    life.workers.script = fails_always
    life.create(run_object(failurePolicy={"retries": 1}))
    life.live()
    life.cluster.collect_garbage("team", "demo")
    life.workers.tries.clear()
    life.workers.script = lambda one: "" if one.allowed else fails_always(one)
    life.workers.left_out = {("O-maze", 1): 1}
    life.create(run_object(failurePolicy={"retries": 1, "maxFailedSamples": 5}), uid="uid-2")
    life.live()
    assert life.reason("Succeeded") == ("True", "WithinFailureBudget")
    assert [one.attempt for one in life.workers.tries] == [2, 3]
    assert life.status().waves == 2


def test_a_run_that_is_created_again_uses_the_current_memory_of_the_profile(life: Life) -> None:
    life.workers.script = lambda one: "OOMKilled" if one.memory < 12 * 2**30 else ""
    life.create(run_object(generators=[{"name": "O-maze", "samples": 10}]))
    assert life.live().phase == "Failed"
    life.cluster.collect_garbage("team", "demo")
    life.install(profile_object(classes={"O": {"memory": "12Gi", "memoryCeiling": "12Gi"}}))
    life.create(run_object(generators=[{"name": "O-maze", "samples": 10}]), uid="uid-2")
    assert life.live().phase == "Succeeded"
