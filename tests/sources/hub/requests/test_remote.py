"""A file that is read by requests has the bytes of a local one, with few requests."""

from __future__ import annotations

import io
import os

from hypothesis import given
from hypothesis import strategies as st

from vrdata.sources.hub.requests.remote import FIRST_READ, RemoteFile, Shared, is_shared
from vrdata.sources.port import PartFile

BODY = os.urandom(5 * FIRST_READ + 77)


class Requests(list[tuple[int, int]]):
    def fetch(self, start: int, stop: int) -> bytes:
        assert 0 <= start < stop <= len(BODY)
        self.append((start, stop))
        return BODY[start:stop]


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(BODY) + 10),
            st.integers(0, 3 * FIRST_READ),
        ),
        max_size=8,
    )
)
def test_reads_at_any_place_are_those_of_a_local_file(reads: list[tuple[int, int]]) -> None:
    local, remote = io.BytesIO(BODY), RemoteFile(Requests().fetch, len(BODY))
    for place, size in reads:
        assert remote.seek(place) == local.seek(place)
        assert remote.read(size) == local.read(size)
        assert remote.tell() == local.tell()


def test_a_footer_is_fetched_once_however_it_is_read() -> None:
    requests = Requests()
    file = RemoteFile(requests.fetch, len(BODY))
    footer = FIRST_READ + 5000
    for start, size in ((8, 8), (FIRST_READ, FIRST_READ), (footer, footer - 8), (footer, footer)):
        file.seek(-start, os.SEEK_END)
        assert file.read(size) == BODY[len(BODY) - start :][:size]
    assert sum(stop - start for start, stop in requests) == footer
    assert len(requests) == 2


def test_reading_to_the_end_needs_few_requests() -> None:
    requests = Requests()
    reader = io.BufferedReader(RemoteFile(requests.fetch, len(BODY)), 4096)
    assert reader.read() == BODY
    assert len(requests) <= 4


def test_small_ranges_at_the_ends_of_a_divided_file_are_kept_within_a_limit() -> None:
    divided = PartFile("a", 100, "", ((0, 4), (50, 60), (90, 100)))
    assert [is_shared(divided, *one) for one in divided.ranges] == [True, False, True]
    assert not is_shared(PartFile("a", 100), 0, 100)

    kept = Shared(limit=25)
    for start in (0, 10, 20):
        kept.keep(divided, start, b"x" * 10)
        kept.get(divided, 0, 10)
    assert [kept.get(divided, start, start + 10) is None for start in (0, 10, 20)] == [
        False,
        True,
        False,
    ]
