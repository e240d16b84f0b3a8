"""Overloaded hubs, ended connections and damaged bytes cost time, not a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.hub.cases import (
    INFO,
    RESOLVE,
    TREE,
)
from sources.hub.conftest import NAME, URL, Pauses
from support.services.hub.faults import Fault, refused
from support.services.hub.server import Hub
from vrdata.api.source import SourceSpec
from vrdata.sources.hub.source import HubSource
from vrdata.sources.port import (
    SourceChangedError,
    SourceUnavailableError,
)


def test_pinning_waits_for_an_overloaded_hub_as_long_as_it_asks(
    puzzle_hub: Hub, source: HubSource, pauses: Pauses
) -> None:
    puzzle_hub.fail(refused(429, Retry_After="7"), INFO, times=1)
    puzzle_hub.fail(refused(429, RateLimit='"api";r=0;t=55'), TREE, times=1)
    puzzle_hub.fail(refused(503), RESOLVE, times=2)
    puzzle_hub.fail(Fault("drop"), RESOLVE, times=1)
    assert sum(part.items for part in source.resolve(None).parts) == 200
    assert pauses.seconds == [7, 55, 1, 2, 4]


def test_pinning_waits_a_minute_for_a_hub_that_names_no_time(
    puzzle_hub: Hub, source: HubSource, pauses: Pauses
) -> None:
    puzzle_hub.fail(refused(500), TREE)
    with pytest.raises(SourceUnavailableError):
        source.resolve(None)
    assert 30 < sum(pauses.seconds) <= 60


def test_an_ended_connection_is_continued_from_its_last_byte(hub: Hub, tmp_path: Path) -> None:
    video = bytes(range(256)) * 4000
    hub.create(NAME, {"clip.mp4": video})
    source = HubSource(SourceSpec(url=URL))
    (part,) = source.resolve(None).parts
    hub.fail(Fault("cut"), r"^/[0-9a-f]{64}", times=3)
    source.stage(part, tmp_path)
    assert (tmp_path / "clip.mp4").read_bytes() == video
    ranges = [one.range for one in hub.requests if one.server == "cdn"]
    assert ranges[0] == ""
    assert ranges[1] == f"bytes={len(video) // 2}-{len(video) - 1}"
    assert len(ranges) == 4


@pytest.mark.parametrize("name", ["clip.mp4", "notes.svg"])
def test_a_whole_file_that_was_damaged_on_its_way_is_fetched_again(
    hub: Hub, tmp_path: Path, name: str
) -> None:
    content = b"<svg/>" * 1000
    hub.create(NAME, {name: content})
    source = HubSource(SourceSpec(url=URL))
    (part,) = source.resolve(None).parts
    where = rf"^/[0-9a-f]{{64}}|{name}"
    hub.fail(Fault("other bytes"), where, times=2 if name == "clip.mp4" else 1)
    source.stage(part, tmp_path)
    assert (tmp_path / name).read_bytes() == content

    (tmp_path / name).unlink()
    hub.fail(Fault("other bytes"), where)
    with pytest.raises(SourceChangedError, match=f"{name} has changed"):
        source.stage(part, tmp_path)
