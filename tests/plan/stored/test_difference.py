"""What a user is told when the output holds another plan."""

import pytest

from vrdata.plan.planned import Plan, PlannedGenerator
from vrdata.plan.stored.difference import MAX_LINES, describe_difference, differs_in_generators_only


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


def test_another_version_of_vrdata_is_named() -> None:
    (line,) = describe_difference(plan(versions={"child": "1a"}), plan(versions={"child": "2b"}))
    assert line == "vrdata's version (its package vrdata_child) was 1a, now 2b"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"run": "demo2"}, "metadata.name: demo there, demo2 wanted"),
        ({"namespace": "team"}, "metadata.namespace: default there, team wanted"),
    ],
)
def test_another_name_is_named(changes: dict[str, object], line: str) -> None:
    assert describe_difference(plan(), plan(**changes)) == [line]


def test_many_differences_are_cut_and_counted() -> None:
    lines = describe_difference(plan(), plan(versions={f"v{i}": "1" for i in range(20)}))
    assert len(lines) == MAX_LINES
    assert lines[-1].endswith("more differences")


GENERATOR = plan().generators[0].to_dict()


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"samples": 11}, "O-maze.samples: 10 there, 11 wanted"),
        ({"blockSize": 2}, "O-maze.blockSize: 5 there, 2 wanted"),
        ({"start": 7}, "O-maze.start: 0 there, 7 wanted"),
        ({"shardBlocks": 2}, "O-maze.blocks per shard: 1 there, 2 wanted"),
        ({"args": ["-x"]}, "O-maze.args: [] there, ['-x'] wanted"),
        ({"class": "G"}, "O-maze.class: O there, G wanted"),
        ({"converter": "M-import"}, "O-maze.converter: O-maze there, M-import wanted"),
        ({"digest": "sha256:" + "b" * 64}, "O-maze.digest (its code or environment)"),
    ],
)
def test_a_changed_generator_is_named_with_both_values(
    changes: dict[str, object], line: str
) -> None:
    (found,) = describe_difference(plan(), plan(generators=[GENERATOR | changes]))
    assert found.startswith(line)


SOURCE = {"url": "hf://a/b", "revision": "1" * 40, "items": 3, "digest": "sha256:" + "c" * 64}


def test_a_moved_revision_is_named_with_both_commits() -> None:
    before = plan(generators=[GENERATOR | {"source": SOURCE}])
    after = plan(generators=[GENERATOR | {"source": SOURCE | {"revision": "2" * 40}}])
    (line,) = describe_difference(before, after)
    assert line == f"O-maze.source.revision: {'1' * 40} there, {'2' * 40} wanted"


def test_generators_that_came_and_went_are_named() -> None:
    assert describe_difference(plan(), plan(generators=[GENERATOR | {"name": "O-new"}])) == [
        "generator O-maze is no longer wanted",
        "generator O-new is wanted and not there",
    ]


def test_generators_are_described_in_the_order_of_their_names() -> None:
    names = ["O-d", "O-b", "O-c", "O-a", "O-e"]
    before = plan(generators=[GENERATOR | {"name": name} for name in names])
    after = plan(generators=[GENERATOR | {"name": name, "samples": 11} for name in names])
    lines = describe_difference(before, after)
    assert [line.partition(".")[0] for line in lines] == sorted(names)


def test_another_order_of_generators_is_named() -> None:
    some = [GENERATOR | {"name": name} for name in ("O-a", "O-b")]
    (line,) = describe_difference(plan(generators=some), plan(generators=some[::-1]))
    assert line == "generators: O-a, O-b there, O-b, O-a wanted"


OTHER: dict[str, object] = {
    "namespace": "team",
    "run": "other",
    "seed": 7,
    "output": {"format": "tar", "video": "asIs"},
    "generators": [GENERATOR | {"name": "O-other"}],
    "versions": {"av": "2"},
    "globs": ["O-*"],
}
OTHER_GENERATOR: dict[str, object] = {
    "name": "O-other",
    "class": "G",
    "digest": "sha256:" + "b" * 64,
    "start": 5,
    "samples": 11,
    "blockSize": 2,
    "shardBlocks": 2,
    "args": ["-x"],
    "commit": "1" * 40,
    "licence": "MIT",
    "converter": "M-other",
    "source": {"url": "hf://a/b", "items": 3, "digest": "sha256:" + "c" * 64},
    "places": [{"place": "raw", "url": "s3://a", "items": 3, "digest": "sha256:" + "c" * 64}],
}


def test_whatever_changes_the_hash_of_a_plan_is_described() -> None:
    fields = {Plan.model_fields[name].alias or name for name in Plan.model_fields}
    assert set(OTHER) == fields - {"apiVersion", "kind"}, "give each field of a plan a change"
    of_generator = PlannedGenerator.model_fields.items()
    assert set(OTHER_GENERATOR) == {field.alias or name for name, field in of_generator}
    changed = [plan(**{name: value}) for name, value in OTHER.items()]
    changed += [plan(output={"format": "tar", "video": "h264"})]
    changed += [plan(output={"format": "webdataset", "video": "asIs"})]
    changed += [plan(generators=[GENERATOR | {k: v}]) for k, v in OTHER_GENERATOR.items()]
    for other in changed:
        assert bool(describe_difference(plan(), other)) == (other.hash != plan().hash)


@pytest.mark.parametrize(
    ("changes", "only"),
    [
        ({"versions": {"av": "2"}}, True),
        ({"generators": [GENERATOR | {"digest": "sha256:" + "b" * 64}]}, True),
        ({"seed": 7, "versions": {"av": "2"}}, False),
        ({"generators": [GENERATOR | {"samples": 3}]}, False),
    ],
)
def test_another_image_is_distinguished_from_another_spec(
    changes: dict[str, object], only: bool
) -> None:
    assert differs_in_generators_only(plan(), plan(**changes)) is only
