"""The encoding of commit markers: every truncation and every changed record is detected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.markers import parse_marker, signed
from vrdata.dataset.codec import (
    MAX_HEAD,
    decode_head,
    decode_record,
    decode_records,
    describe_records,
    encode_marker,
)
from vrdata.dataset.manifest import (
    Attempt,
    DataObject,
    FailedSample,
    FileRecord,
    Record,
    SampleRecord,
    ShardManifest,
    VideoRecord,
)
from vrdata.errors import InvalidInputError

MANIFEST = ShardManifest(
    plan="sha256:" + "1" * 64,
    generator="O-1_maze",
    digest="sha256:" + "2" * 64,
    shard=3,
    start=6,
    stop=9,
    format="webdataset",
    archive=DataObject(key="shards/O-1_maze/O-1_maze-000003.tar", size=9, sha256="3" * 64),
    samples=0,
    attempt=Attempt(seconds=1.5, host="node"),
    records=describe_records(()),
)

numbers = st.integers(0, 2**40)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
files = st.builds(FileRecord, name=texts, size=numbers, sha256=digests, offset=st.none() | numbers)
videos = st.builds(
    VideoRecord,
    name=texts,
    frames=st.integers(1, 999),
    fps=st.floats(0, 240),
    width=numbers,
    height=numbers,
    encoder=texts,
)
samples = st.builds(
    SampleRecord,
    kind=st.just("Sample"),
    index=numbers,
    id=texts,
    domain=texts,
    block=numbers,
    seed=numbers,
    files=st.lists(files, max_size=3).map(tuple),
    video=st.none() | videos,
    content=texts,
    param_hash=texts,
)
failures = st.builds(
    FailedSample,
    kind=st.just("FailedSample"),
    index=numbers,
    reason=texts,
    message=texts,
    traceback=texts,
)
record_lists = st.lists(samples | failures, max_size=5)


def marker(records: list[Record]) -> bytes:
    texts = [record.to_json() for record in records]
    return encode_marker(signed(MANIFEST, records), texts)


@given(record_lists)
def test_a_marker_is_decoded_to_what_was_encoded(records: list[Record]) -> None:
    body = marker(records)
    assert parse_marker(body) == (signed(MANIFEST, records), records)
    assert body.count(b"\n") == 1 + len(records)


@given(record_lists, st.integers(1, 200))
def test_records_are_decoded_from_chunks_of_any_size(records: list[Record], chunk: int) -> None:
    body = marker(records)
    manifest, size = decode_head(body)
    chunks = [body[at : at + chunk] for at in range(size, len(body), chunk)]
    assert list(decode_records(chunks, manifest.records)) == records


@given(record_lists, st.data())
def test_every_truncation_is_detected(records: list[Record], data: st.DataObject) -> None:
    body = marker(records)
    length = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(ValueError, match=r"first line|line \d+|records"):
        parse_marker(body[:length])


@given(st.lists(samples | failures, min_size=1, max_size=3), st.data())
def test_every_changed_byte_of_the_records_is_detected(
    records: list[Record], data: st.DataObject
) -> None:
    body = bytearray(marker(records))
    _, size = decode_head(bytes(body))
    body[data.draw(st.integers(size, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match=r"line \d+|records"):
        parse_marker(bytes(body))


@given(record_lists, st.binary(min_size=1, max_size=100))
def test_bytes_after_the_last_record_are_detected(records: list[Record], more: bytes) -> None:
    with pytest.raises(ValueError, match=r"first line|line \d+|records"):
        parse_marker(marker(records) + more)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b"\xff\n",
        MANIFEST.to_json(),
        MANIFEST.to_json().replace(b"v1alpha1", b"v9") + b"\n",
        b'{"plan":"p","data":[],"samples":[]}',
        b"{" + b" " * MAX_HEAD + b"}\n",
    ],
)
def test_another_first_line_is_refused_with_the_reason(body: bytes) -> None:
    with pytest.raises(ValueError, match="first line"):
        decode_head(body)


def test_the_data_must_be_described_as_the_format_says() -> None:
    line = MANIFEST.to_json().replace(b'"format":"webdataset"', b'"format":"files"') + b"\n"
    with pytest.raises(ValueError, match="format files has `files`"):
        decode_head(line)


def test_a_record_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        decode_record(b'{"kind":"Rumour","index":1}')


def test_the_longest_first_line_can_be_read_and_a_longer_one_is_not_written() -> None:
    spare = MAX_HEAD - 1 - len(MANIFEST.to_json())
    longest = MANIFEST.model_copy(update={"generator": "O-1_maze" + "x" * spare})
    body = encode_marker(longest, [])
    assert len(body) == MAX_HEAD
    assert decode_head(body) == (longest, MAX_HEAD)
    longer = longest.model_copy(update={"generator": longest.generator + "x"})
    with pytest.raises(InvalidInputError, match=r"manifest of shard 3 .* is too long") as error:
        encode_marker(longer, [])
    assert "2049 bytes" in error.value.why
    assert "shorter name" in error.value.fix
