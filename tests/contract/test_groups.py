"""One grouping of failures, for status, summary and report."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vrdata.api.status import MAX_FAILURE_GROUPS, MAX_MESSAGE
from vrdata.contract.groups import MAX_GROUPS, MAX_TEXT_BYTES, FailureGroups, group_text
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure, FailureRecord
from vrdata.plan.planned import Shard


def failed(
    generator: str, shard: int, reason: FailureReason, message: str = "", sample: int | None = None
) -> FailureRecord:
    return Failure(reason=reason, message=message, sample=sample).of(Shard(generator, shard), 0)


def test_groups_are_by_generator_and_reason_with_the_largest_first() -> None:
    groups = FailureGroups(
        [failed("O-b", at, FailureReason.EMPTY_PROMPT, f"m{at}", at) for at in (5, 3)]
        + [failed("O-a", 0, FailureReason.EMPTY_PROMPT)]
        + [failed("O-b", 9, FailureReason.OUT_OF_MEMORY)]
    )
    shown, more = groups.largest(2)
    assert more == 1
    assert [(one.generator, one.reason, one.count) for one in shown] == [
        ("O-b", "EmptyPrompt", 2),
        ("O-a", "EmptyPrompt", 1),
    ]
    assert (shown[0].shard, shown[0].sample, shown[0].message) == (3, 3, "m3")


@given(
    failures=st.lists(
        st.builds(
            failed,
            st.sampled_from(["O-a", "O-b"]),
            st.integers(0, 3),
            st.sampled_from([FailureReason.EMPTY_PROMPT, FailureReason.UNKNOWN]),
            st.just("why"),
            st.none() | st.integers(0, 5),
        )
    ),
    data=st.data(),
)
def test_the_order_of_failures_does_not_change_the_groups(
    failures: list[FailureRecord], data: st.DataObject
) -> None:
    mixed = data.draw(st.permutations(failures))
    assert FailureGroups(mixed).largest(9) == FailureGroups(failures).largest(9)


def test_units_are_counted_apart() -> None:
    groups = FailureGroups()
    groups.add(failed("O-a", 0, FailureReason.EMPTY_PROMPT), "samples")
    groups.add(failed("O-a", 0, FailureReason.EMPTY_PROMPT), "attempts")
    assert {(one.unit, one.count) for one in groups.largest(9)[0]} == {
        ("samples", 1),
        ("attempts", 1),
    }


def test_the_number_of_groups_and_the_size_of_their_texts_are_bounded() -> None:
    groups = FailureGroups(
        failed(f"O-{at}", 0, FailureReason.UNKNOWN, "x" * 3000) for at in range(MAX_GROUPS + 9)
    )
    shown, more = groups.largest(100)
    assert (len(shown), more) == (100, MAX_GROUPS - 100)
    assert len(shown[0].message.encode()) <= MAX_TEXT_BYTES


def test_the_status_gets_few_groups_with_short_printable_texts() -> None:
    many = [failed(f"O-{at:03}", 4, FailureReason.UNKNOWN, "x\x1b" * 9000) for at in range(300)]
    found = FailureGroups(many).for_status()
    assert len(found) == MAX_FAILURE_GROUPS
    assert all(len(one.message.encode()) <= MAX_MESSAGE for one in found)
    assert not any("\x1b" in one.message for one in found)
    assert (found[0].shards, found[0].samples, found[0].example_shard) == (1, 0, 4)


def test_dropped_samples_are_counted_as_samples_with_the_first_line_of_their_message() -> None:
    groups = FailureGroups()
    for sample in (7, 5):
        dropped = failed("O-a", 2, FailureReason.GENERATOR_FAILED, f"E: {sample}\nlog", sample)
        groups.add(dropped, "samples")
    (found,) = groups.for_status()
    assert (found.shards, found.samples, found.sample, found.message) == (0, 2, 5, "E: 5")
    text = "O-a: GeneratorFailed, 2 samples, first at sample 5\n    E: 5"
    assert group_text(found) == text
