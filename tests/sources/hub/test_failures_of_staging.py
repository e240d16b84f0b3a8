"""Each failure while a part is fetched is one error, without a wait: the caller waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.hub.cases import (
    RESOLVE,
    Case,
    check,
    prepare,
    setting,
    without_dataset,
)
from sources.hub.conftest import FILE, NAME, URL, Pauses
from support.services.hub.faults import Fault, refused
from support.services.hub.server import TOKEN, Hub
from vrdata.api.source import SourceSpec
from vrdata.errors import VrdataError
from vrdata.sources.hub.source import HubSource
from vrdata.sources.port import (
    Part,
    SourceAccessError,
    SourceChangedError,
    SourceUnavailableError,
)

STAGING = {
    "deleted file": Case(
        SourceChangedError, ("no longer on the Hub", FILE), refused(404, "EntryNotFound"), RESOLVE
    ),
    "deleted commit": Case(
        SourceChangedError, ("no longer on the Hub",), refused(404, "RevisionNotFound"), RESOLVE
    ),
    "deleted dataset": Case(
        SourceChangedError, ("has been deleted",), change=without_dataset, token=TOKEN
    ),
    "now private": Case(
        SourceAccessError, ("is private", "no token"), change=setting("private", True)
    ),
    "now gated": Case(SourceAccessError, ("gated",), change=setting("gated", True)),
    "now without a grant": Case(SourceAccessError, ("403",), refused(403), RESOLVE),
    "shorter file": Case(
        SourceChangedError, ("no longer on the Hub",), refused(416), r"^/[0-9a-f]{64}"
    ),
    "another file": Case(SourceChangedError, ("digest is ffff",), Fault("other file"), RESOLVE),
    "another commit": Case(SourceChangedError, ("commit ffff",), Fault("other commit"), RESOLVE),
    "too many requests": Case(
        SourceUnavailableError, ("429", "wait 9 s"), refused(429, Retry_After="9"), RESOLVE
    ),
    "overloaded storage": Case(SourceUnavailableError, ("503",), refused(503), r"^/[0-9a-f]{64}"),
    "page instead of a file": Case(
        SourceUnavailableError, ("login page",), Fault("page"), r"^/[0-9a-f]{64}"
    ),
    "no answer": Case(SourceUnavailableError, ("no answer within",), Fault("hang"), RESOLVE),
    "half a file": Case(
        SourceUnavailableError, ("no answer within",), Fault("stall"), r"^/[0-9a-f]{64}"
    ),
    "ended connection": Case(SourceUnavailableError, ("connection ended",), Fault("drop"), RESOLVE),
    "ignored range": Case(SourceUnavailableError, ("Range",), Fault("whole"), RESOLVE),
}


@pytest.fixture
def part(source: HubSource) -> Part:
    return list(source.resolve(None).parts)[1]


@pytest.mark.parametrize("case", STAGING.values(), ids=STAGING)
def test_a_failure_of_staging_is_one_error_without_a_wait(
    puzzle_hub: Hub,
    part: Part,
    pauses: Pauses,
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit = puzzle_hub.repositories[NAME].branches["main"]
    prepare(puzzle_hub, case, monkeypatch)
    with pytest.raises(VrdataError) as caught:
        HubSource(SourceSpec(url=URL, revision=commit), pauses).stage(part, tmp_path)
    check(caught.value, case)
    assert pauses.seconds == []
    if "429" in case.text:
        assert isinstance(caught.value, SourceUnavailableError)
        assert caught.value.retry_after == 9
