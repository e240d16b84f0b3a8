"""The first line of a shard's marker says why samples are missing, as far as it fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vrdata.contract.reasons import FailureReason
from vrdata.dataset.checks.dropped import dropped_groups, with_dropped
from vrdata.dataset.codec import MAX_HEAD, decode_head, describe_records, encode_marker
from vrdata.dataset.manifest import DataObject, FailedSample, ShardManifest
from vrdata.text import printable

LONGEST = "O-" + 98 * "x"

failed_samples = st.lists(
    st.builds(
        FailedSample,
        index=st.integers(0, 10**8),
        reason=st.sampled_from([*map(str, FailureReason), "OfALaterVersion"]),
        message=st.text(st.characters(exclude_categories=["Cs"]), max_size=600).map(printable),
    ),
    max_size=30,
)


def manifest_of(generator: str, failed: list[FailedSample]) -> ShardManifest:
    """A shard with these failed samples and no other."""
    key = f"shards/{generator}/{generator}-000007.tar"
    return ShardManifest(
        plan="sha256:" + 64 * "1",
        generator=generator,
        digest="sha256:" + 64 * "2",
        shard=7,
        start=0,
        stop=10**8,
        format="webdataset",
        archive=DataObject(key=key, size=10**9, sha256=64 * "3"),
        samples=0,
        failed_samples=len(failed),
        records=describe_records([one.to_json() for one in failed]),
    )


@given(failed=failed_samples, generator=st.sampled_from(["O-a", LONGEST]))
def test_the_first_line_stays_short_and_accounts_for_every_failed_sample(
    failed: list[FailedSample], generator: str
) -> None:
    manifest = with_dropped(manifest_of(generator, failed), failed)
    body = encode_marker(manifest, [one.to_json() for one in failed])
    read, size = decode_head(body)
    assert size <= MAX_HEAD
    assert sum(group.count for group in dropped_groups(read)) == len(failed)


def test_each_reason_has_its_number_its_first_sample_and_the_first_line_of_its_message() -> None:
    failed = [
        FailedSample(index=9, reason="GeneratorFailed", message="ValueError: late\n  File 'x.py'"),
        FailedSample(index=4, reason="GeneratorFailed", message="ValueError: early\n  File 'x.py'"),
        FailedSample(index=5, reason="SampleTimeout", message="slow"),
    ]
    found = list(dropped_groups(with_dropped(manifest_of("O-a", failed), failed)))
    assert [(one.reason, one.unit, one.count, one.shard, one.sample) for one in found] == [
        (FailureReason.GENERATOR_FAILED, "samples", 2, 7, 4),
        (FailureReason.SAMPLE_TIMEOUT, "samples", 1, 7, 5),
    ]
    assert [one.message for one in found] == ["ValueError: early", "slow"]


def test_a_marker_without_failed_samples_has_the_same_bytes_as_before() -> None:
    assert b"dropped" not in with_dropped(manifest_of("O-a", []), []).to_json()


def test_a_marker_of_an_earlier_version_says_that_its_other_lines_have_the_reason() -> None:
    (group,) = dropped_groups(manifest_of("O-a", [FailedSample(index=1, reason="EmptyPrompt")]))
    assert (group.reason, group.count) == (FailureReason.UNKNOWN, 1)
    assert "other lines" in group.message


def test_texts_of_a_changed_marker_cannot_control_a_terminal() -> None:
    failed = [FailedSample(index=1, reason="EmptyPrompt", message="x")]
    manifest = with_dropped(manifest_of("O-a", failed), failed)
    dropped = tuple(
        one.model_copy(update={"message": "a\x1b[31mb"}) for one in manifest.dropped or ()
    )
    (group,) = dropped_groups(manifest.model_copy(update={"dropped": dropped}))
    assert group.message == "a[31mb"
