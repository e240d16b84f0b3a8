"""Each failure while a dataset is pinned is one error that says what, why and how to fix it."""

from __future__ import annotations

import socket

import pytest

from sources.hub.cases import (
    INFO,
    RESOLVE,
    TREE,
    Case,
    check,
    prepare,
    setting,
    with_file,
    without_dataset,
)
from sources.hub.conftest import CARD, FILE, NAME, URL, Pauses, puzzles
from support.services.hub.faults import Fault, refused
from support.services.hub.server import TOKEN, Hub
from vrdata.api.source import SourceSpec
from vrdata.errors import InvalidInputError, VrdataError
from vrdata.sources.hub.source import HubSource
from vrdata.sources.port import (
    SourceAccessError,
    SourceChangedError,
    SourceNotFoundError,
    SourceUnavailableError,
)

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
    "a card that is not YAML": Case(
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


def pin(pauses: Pauses) -> None:
    spec = SourceSpec(url=URL, config="Mazes", split="test")
    list(HubSource(spec, pauses).resolve(None).parts)


@pytest.mark.parametrize("case", PINNING.values(), ids=PINNING)
def test_a_failure_of_pinning_is_one_error(
    puzzle_hub: Hub, pauses: Pauses, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(puzzle_hub, case, monkeypatch)
    with pytest.raises(VrdataError) as caught:
        pin(pauses)
    check(caught.value, case)


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
        ("hf://a/" + "b" * 97, "not a dataset"),
    ],
)
def test_a_url_of_another_form_is_refused_without_a_request(hub: Hub, url: str, text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        HubSource(SourceSpec(url=url))
    assert text in str(caught.value)
    assert hub.requests == []
