"""What the tests' hub does wrong, and for which requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "status",  # answers `status` with `headers`
    "page",  # answers 200 with a web page
    "cut",  # ends the connection in the middle of the body
    "drop",  # ends the connection without an answer
    "hang",  # does not answer until the client leaves
    "stall",  # sends half of the body and then nothing until the client leaves
    "whole",  # ignores Range
    "other bytes",  # one bit of the body differs
    "other file",  # answers the ETag and the size of another file
    "other commit",  # answers X-Repo-Commit of another commit
    "loop",  # redirects to the same URL
    "garbage",  # answers 200 with JSON of another form
]


@dataclass
class Fault:
    """A fault of the requests that match.

    Attributes:
        kind: what happens.
        path: a pattern in the URL's path.
        method: of the requests; "" = all.
        times: how many requests have it; None = all.
        status: of kind `status`.
        headers: of kind `status`.
        body: of kind `status`.
        happened: how often it has happened.
    """

    kind: Kind
    path: str = ""
    method: str = ""
    times: int | None = None
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    happened: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Whether a request has it now."""
        return (
            (self.times is None or self.happened < self.times)
            and self.method in {"", method}
            and re.search(self.path, path) is not None
        )


def refused(status: int, code: str = "", message: str = "", **more: str) -> Fault:
    """A fault that answers as the Hub does: the reason is in headers.

    Args:
        status: HTTP status.
        code: `X-Error-Code`: `RepoNotFound`, `GatedRepo`, `RevisionNotFound`, `EntryNotFound`.
        message: `X-Error-Message`.
        more: further headers, with `_` for `-`.
    """
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    headers |= {"X-Error-Code": code} if code else {}
    headers |= {"X-Error-Message": message} if message else {}
    return Fault("status", status=status, headers=headers)
