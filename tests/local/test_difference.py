"""What a user is told when the output holds another plan."""

from vrdata.plan.difference import MAX_LINES, describe_difference
from vrdata.plan.model import Plan


def plan(**changes: object) -> Plan:
    values: dict[str, object] = {
        "namespace": "default",
        "run": "demo",
        "seed": 42,
        "output": {"format": "webdataset", "video": "h264"},
        "generators": [
            {
                "name": "O-maze",
                "class": "O",
                "digest": "sha256:" + "a" * 64,
                "samples": 10,
                "blockSize": 5,
                "shardBlocks": 1,
            }
        ],
        "versions": {"av": "1"},
    }
    return Plan.model_validate(values | changes)


def test_equal_plans_differ_in_nothing() -> None:
    assert describe_difference(plan(), plan()) == []


def test_a_changed_seed_is_named_with_both_values() -> None:
    assert describe_difference(plan(), plan(seed=7)) == ["seed: 42 there, 7 wanted"]


def test_a_changed_encoder_version_is_named() -> None:
    assert describe_difference(plan(), plan(versions={"av": "2"})) == ["av was 1, now 2"]


def test_many_differences_are_cut_and_counted() -> None:
    lines = describe_difference(plan(), plan(versions={f"v{i}": "1" for i in range(20)}))
    assert len(lines) == MAX_LINES
    assert lines[-1].endswith("more differences")
