"""Which samples get a card: few, the same ones, first and last among them."""

from hypothesis import given
from hypothesis import strategies as st

from support.builders import make_plan
from vrdata.dataset.report.cards.choose import (
    LEADING,
    PER_GENERATOR,
    TOTAL,
    CardChooser,
    cards_per_generator,
)
from vrdata.model import OutputFormat
from vrdata.plan.planned import Plan


def add_samples(chooser: CardChooser, plan: Plan, failed: frozenset[int] = frozenset()) -> None:
    """Add the plan's samples, except those in `failed`."""
    for name, number in plan.all_shards():
        shard = plan.generator(name).shard(number)
        for at in range(shard.start, shard.stop):
            if at not in failed:
                chooser.add(name, number, at)


def chosen(
    samples: dict[str, int],
    *,
    shard_blocks: int = 3,
    output_format: OutputFormat = "webdataset",
    failed: frozenset[int] = frozenset(),
) -> dict[str, list[int]]:
    plan = make_plan(samples, shard_blocks=shard_blocks, output_format=output_format)
    chooser = CardChooser(plan)
    add_samples(chooser, plan, failed)
    found: dict[str, list[int]] = {name: [] for name in samples}
    for choice in chooser.choices():
        found[choice.generator].append(choice.sample_index)
    return found


@given(st.integers(1, 200), st.integers(1, 20), st.integers(1, 20))
def test_the_choice_does_not_depend_on_the_sharding(samples: int, one: int, other: int) -> None:
    assert chosen({"O-a": samples}, shard_blocks=one) == chosen(
        {"O-a": samples}, shard_blocks=other
    )


@given(st.integers(1, 200), st.sets(st.integers(0, 199)))
def test_chosen_samples_are_sorted_and_include_the_first_and_the_last(
    samples: int, failed: set[int]
) -> None:
    there = [at for at in range(samples) if at not in failed]
    found = chosen({"O-a": samples}, failed=frozenset(failed))["O-a"]
    assert len(found) == min(PER_GENERATOR, len(there))
    assert found == sorted(set(found))
    assert found[:1] == there[:1]
    assert found[-1:] == there[-1:]


def test_every_generator_has_cards() -> None:
    found = chosen({"O-a": 60, "G-b": 3, "O-c": 60})
    assert found["G-b"] == [0, 1, 2]
    assert len(found["O-a"]) == len(found["O-c"]) == PER_GENERATOR
    assert found["O-a"] != found["O-c"]


def test_many_generators_share_the_total() -> None:
    assert cards_per_generator(1) == PER_GENERATOR
    assert cards_per_generator(300) == TOTAL // 300
    assert cards_per_generator(10 * TOTAL) == 1
    found = chosen({f"O-{at}": 12 for at in range(200)})
    assert sum(map(len, found.values())) == 200 * cards_per_generator(200)


def test_only_leading_samples_of_sequential_archives_are_chosen() -> None:
    found = chosen({"O-a": 400}, shard_blocks=100, output_format="tar")["O-a"]
    assert len(found) == PER_GENERATOR
    assert all(at % 200 < LEADING for at in found)
    assert any(at >= 200 for at in found)
