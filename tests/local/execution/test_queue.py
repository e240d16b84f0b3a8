"""Which shard a worker gets next."""

from hypothesis import given
from hypothesis import strategies as st

from vrdata.contract.worker import ShardTask
from vrdata.local.execution.queue import TaskQueue


def tasks(**shards: int) -> list[ShardTask]:
    return [
        ShardTask(generator=name, shard=index)
        for name, count in shards.items()
        for index in range(count)
    ]


def test_a_worker_keeps_its_warm_generator() -> None:
    queue = TaskQueue(tasks(a=2, b=2))
    first = queue.take("", {})
    assert first is not None
    second = queue.take(first.generator, {})
    assert second is not None
    assert second.generator == first.generator


def test_a_second_worker_takes_another_generator() -> None:
    queue = TaskQueue(tasks(a=2, b=2))
    first = queue.take("", {})
    assert first is not None
    second = queue.take("", {first.generator: 1})
    assert second is not None
    assert second.generator != first.generator


def test_retries_come_after_the_first_pass() -> None:
    queue = TaskQueue(tasks(a=2))
    first = queue.take("", {})
    assert first is not None
    queue.put_back(first.model_copy(update={"attempt": 1}))
    order = [queue.take("a", {}), queue.take("a", {}), queue.take("a", {})]
    assert [task.attempt if task else None for task in order] == [0, 1, None]


def test_a_retry_is_not_taken_before_its_time_and_keeps_no_other_waiting() -> None:
    queue = TaskQueue([])
    late, soon = tasks(a=2)
    queue.put_back(late, not_before=9.0)
    queue.put_back(soon, not_before=3.0)
    assert queue.take("a", {}, now=2.9) is None
    assert queue.waits
    assert [queue.take("a", {}, now=now) for now in (3.0, 8.9, 9.0)] == [soon, None, late]
    assert not queue.waits


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(1, 6), max_size=5))
def test_every_task_is_taken_exactly_once(shards: dict[str, int]) -> None:
    queue = TaskQueue(tasks(**shards))
    taken = []
    current = ""
    for _ in range(sum(shards.values())):
        task = queue.take(current, {})
        assert task is not None
        taken.append((task.generator, task.shard))
        current = task.generator
    assert queue.take(current, {}) is None
    assert sorted(taken) == sorted((task.generator, task.shard) for task in tasks(**shards))
