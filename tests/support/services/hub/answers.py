"""A request to the tests' hub, and its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from support.services.hub.server import Hub


@dataclass(frozen=True)
class Asked:
    """A request: its path as sent, without the query, its headers by lower-case name."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str:
        """Of the header Authorization, or ""."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Answer:
    """An answer; `ranged` ones follow the header Range, `file` names the file for the record."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    file: str = ""
    ranged: bool = False


Groups = dict[str, str]
Route = Callable[["Hub", Asked, Groups], Answer]


def said(value: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON answer."""
    return Answer(
        status, json.dumps(value).encode(), {"Content-Type": "application/json"} | headers
    )


class RefusedError(Exception):
    """The answer to a request is an error.

    Attributes:
        answer: the error as the Hub answers it.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        headers = {"X-Error-Code": code, "X-Error-Message": message}
        named = {name: value for name, value in headers.items() if value}
        self.answer = said({"error": message}, status, **named)
