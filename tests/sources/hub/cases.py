"""Failures of the Hub, and the errors that they become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from sources.hub.conftest import NAME
from support.services.hub.faults import Fault
from support.services.hub.server import Hub
from vrdata.errors import VrdataError
from vrdata.sources.hub.requests import client

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


def prepare(hub: Hub, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    if case.token:
        monkeypatch.setenv("HF_TOKEN", case.token)
    case.change(hub)
    if case.fault:
        if case.fault.kind in {"hang", "stall"}:
            monkeypatch.setitem(client.LIMITS, "read", 0.1)
        hub.fail(Fault(**{**vars(case.fault), "happened": 0}), case.path)


def check(error: VrdataError, case: Case) -> None:
    text = str(error)
    assert type(error) is case.error or issubclass(type(error), case.error), text
    assert [part for part in case.text if part not in text] == [], text
    assert error.fix
    assert not case.token or case.token not in text
    assert "http" not in text or "/datasets/" in text, "no signed URL"
    assert error.__cause__ is None, "one error"
