"""URLs of raw data that the code of a repository names."""

from __future__ import annotations

import pytest

from vrdata_generators.adapter.pipeline.proposals import proposals


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b'URL = "s3://bucket/M-1/raw/"', ("s3://bucket/M-1/raw",)),
        (
            b'class A:\n    s3_bucket: str = Field(default="b")\n    s3_prefix: str = "M-1/x/"',
            ("s3://b/M-1/x",),
        ),
        (b'call(repo_id="org/name", revision="main")', ("hf://org/name",)),
        (b'A = "s3://b/x"\nB = "s3://b/x/y"', ("s3://b/x/y",)),
        (b'A = f"s3://{bucket}/x"', ()),
        (b"not python (", ()),
        (b'bucket = "a/b"', ()),
    ],
)
def test_urls_and_defaults_are_proposed(source: bytes, expected: tuple[str, ...]) -> None:
    assert proposals([source]) == expected


def test_there_are_few_proposals() -> None:
    sources = [f'A = "s3://bucket/{number}"'.encode() for number in range(20)]
    assert len(proposals(sources)) == 5
