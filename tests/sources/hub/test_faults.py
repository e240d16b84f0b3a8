"""Each failure of the Hub is one error that says what, why and how to fix it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sources.hub.conftest import CARD, FILE, NAME, URL, Pauses, puzzles
from support.services.hub.faults import Fault, refused
from support.services.hub.server import TOKEN, Hub
from vrdata.api.source import SourceSpec
from vrdata.errors import InvalidInputError, VrdataError
from vrdata.sources.hub.requests import client
from vrdata.sources.hub.source import HubSource
from vrdata.sources.port import (
    Part,
    SourceAccessError,
    SourceChangedError,
    SourceNotFoundError,
    SourceUnavailableError,
)

INFO, TREE, RESOLVE = r"/api/datasets/.*/revision/", r"/tree/", r"/resolve/.*parquet|^/[0-9a-f]{64}"


@dataclass(frozen=True)
class Case:
    """A failure, and its error.

    Attributes:
        error: the class.
        text: words of the error.
        fault: of the hub.
        path: the requests that fail.
        change: of the dataset or the environment.
        token: in HF_TOKEN.
    """

    error: type[VrdataError]
    text: tuple[str, ...]
    fault: Fault | None = None
    path: str = ""
    change: Callable[[Hub], object] = bool
    token: str = ""


def setting(name: str, value: object) -> Callable[[Hub], object]:
    return lambda hub: setattr(hub.repositories[NAME], name, value)


def without_dataset(hub: Hub) -> None:
    hub.repositories.clear()


def with_file(path: str, content: bytes) -> Callable[[Hub], object]:
    return lambda hub: hub.repositories[NAME].commit({path: content})


PINNING = {
    "no dataset, no token": Case(
        SourceNotFoundError, ("no dataset of this name", "no token"), change=without_dataset
    ),
    "no dataset": Case(
        SourceNotFoundError,
        ("no dataset of this name", "the token cannot read it"),
        change=without_dataset,
        token=TOKEN,
    ),
    "private": Case(
        SourceNotFoundError, ("is private", "HF_TOKEN", "Secret"), change=setting("private", True)
    ),
    "gated, no token": Case(
        SourceAccessError,
        ("gated", "there is no token", f"/datasets/{NAME}"),
        change=setting("gated", True),
    ),
    "gated, no grant": Case(
        SourceAccessError,
        ("gated", "the account of the token has none"),
        change=setting("gated", True),
        token=TOKEN,
    ),
    "unknown token": Case(SourceAccessError, ("does not accept the token",), token=TOKEN + "x"),
    "invalid token": Case(SourceAccessError, ("token of the Hub is invalid",), token=TOKEN + " ä"),
    "disabled": Case(SourceAccessError, ("has disabled",), change=setting("disabled", True)),
    "forbidden": Case(
        SourceAccessError,
        ("403", "Egress is restricted"),
        refused(403, "", "Egress is restricted"),
        INFO,
    ),
    "refused for legal reasons": Case(SourceAccessError, ("451",), refused(451), INFO),
    "too many requests": Case(
        SourceUnavailableError,
        ("answered 429", "asks to wait 400 s", "HF_TOKEN"),
        refused(429, Retry_After="400"),
        INFO,
    ),
    "server error": Case(SourceUnavailableError, ("answered 500",), refused(500), INFO),
    "bad gateway while listing": Case(SourceUnavailableError, ("502",), refused(502), TREE),
    "unavailable while reading": Case(SourceUnavailableError, ("503",), refused(503), RESOLVE),
    "gateway time-out": Case(SourceUnavailableError, ("504",), refused(504), TREE),
    "teapot": Case(SourceUnavailableError, ("418",), refused(418), INFO),
    "page instead of facts": Case(
        SourceUnavailableError, ("proxy or a login page",), Fault("page"), INFO
    ),
    "page instead of a listing": Case(
        SourceUnavailableError, ("proxy or a login page",), Fault("page"), TREE
    ),
    "page instead of a file": Case(
        SourceUnavailableError, ("proxy or a login page", FILE), Fault("page"), RESOLVE
    ),
    "other JSON": Case(
        SourceUnavailableError, ("the answer is not the Hub's",), Fault("garbage"), INFO
    ),
    "other JSON for a listing": Case(
        SourceUnavailableError, ("the answer is not the Hub's",), Fault("garbage"), TREE
    ),
    "no answer": Case(SourceUnavailableError, ("no answer within",), Fault("hang"), INFO),
    "half an answer": Case(SourceUnavailableError, ("no answer within",), Fault("stall"), TREE),
    "ended connection": Case(SourceUnavailableError, ("connection ended",), Fault("drop"), TREE),
    "ended answer": Case(SourceUnavailableError, ("connection ended",), Fault("cut"), INFO),
    "ended file": Case(SourceUnavailableError, ("connection ended",), Fault("cut"), RESOLVE),
    "redirects in circles": Case(SourceUnavailableError, ("circles",), Fault("loop"), INFO),
    "ignored range": Case(
        SourceUnavailableError, ("ignores the header Range", "hf download"), Fault("whole"), RESOLVE
    ),
    "another file": Case(SourceChangedError, ("digest is ffff",), Fault("other file"), RESOLVE),
    "another commit": Case(SourceChangedError, ("commit ffff",), Fault("other commit"), RESOLVE),
    "damaged card": Case(
        SourceChangedError, ("README.md has changed",), Fault("other bytes"), r"README\.md"
    ),
    "a card that is no YAML": Case(
        InvalidInputError,
        ("card of", "README.md", "include"),
        change=with_file("README.md", b"---\na: [\n---\n"),
    ),
    "a card of another form": Case(
        InvalidInputError,
        ("Mazes is neither a path nor splits",),
        change=with_file(
            "README.md", b"---\nconfigs:\n- config_name: Mazes\n  data_files: 7\n---\n"
        ),
    ),
    "files elsewhere": Case(
        InvalidInputError,
        ("outside of the dataset",),
        change=with_file("README.md", CARD.replace("path: V", "path: https://x/V").encode()),
    ),
    "missing files": Case(
        SourceNotFoundError,
        ("has no files", "paths of its card"),
        change=lambda hub: hub.repositories[NAME].commit({FILE: None}),
    ),
    "truncated table": Case(
        InvalidInputError, ("truncated", FILE), change=with_file(FILE, puzzles(20, 20)[:-40])
    ),
    "page as a table": Case(
        InvalidInputError,
        ("cannot be read as a Parquet file",),
        change=with_file(FILE, b"<html>" * 9),
    ),
}


def prepare(hub: Hub, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    if case.token:
        monkeypatch.setenv("HF_TOKEN", case.token)
    case.change(hub)
    if case.fault:
        if case.fault.kind in {"hang", "stall"}:
            monkeypatch.setitem(client.LIMITS, "read", 0.3)
        hub.fail(Fault(**{**vars(case.fault), "happened": 0}), case.path)


def pin(pauses: Pauses) -> None:
    spec = SourceSpec(url=URL, config="Mazes", split="test")
    list(HubSource(spec, pauses).resolve(None).parts)


def check(error: VrdataError, case: Case) -> None:
    text = str(error)
    assert type(error) is case.error or issubclass(type(error), case.error), text
    assert [part for part in case.text if part not in text] == [], text
    assert error.fix
    assert not case.token or case.token not in text
    assert "http" not in text or "/datasets/" in text, "no signed URL"
    assert error.__cause__ is None, "one error"


@pytest.mark.parametrize("case", PINNING.values(), ids=PINNING)
def test_a_failure_of_pinning_is_one_error(
    puzzle_hub: Hub, pauses: Pauses, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(puzzle_hub, case, monkeypatch)
    with pytest.raises(VrdataError) as caught:
        pin(pauses)
    check(caught.value, case)


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
def test_a_failure_of_staging_is_one_error_at_once(
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


def test_a_closed_port_and_an_unknown_host_are_not_waited_for(
    hub: Hub, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    for endpoint in (closed, "http://hub.invalid", "ftp://127.0.0.1", "http://["):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        with pytest.raises(SourceUnavailableError, match="cannot") as caught:
            HubSource(SourceSpec(url=URL), pauses).resolve(None)
        assert caught.value.fix
    assert pauses.seconds == []
    assert hub.requests == []


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


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("hf://", "ORGANISATION/NAME"),
        ("hf://squad", "has an organisation"),
        ("hf://a/b/data/train", "include: ['data/train/**']"),
        ("hf://models/a/b", "only datasets"),
        ("hf://spaces/a/b", "only datasets"),
        ("hf://a/..", "not a dataset"),
        ("hf://a/b--c", "not a dataset"),
        ("hf://a/b?x=1", "not a dataset"),
        ("hf://a/" + "b" * 97, "not a dataset"),
    ],
)
def test_a_url_of_another_form_is_refused_without_a_request(hub: Hub, url: str, text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        HubSource(SourceSpec(url=url))
    assert text in str(caught.value)
    assert hub.requests == []
