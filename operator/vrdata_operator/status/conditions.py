"""Rules of conditions: a transition time moves only when the status flips. Pure.

Source: Kubernetes API conventions, "Typical status properties".
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from vrdata.api.status import MAX_MESSAGE, Condition, ConditionType

ORDER: tuple[ConditionType, ...] = (
    "Accepted",
    "Queued",
    "Progressing",
    "Stalled",
    "Suspended",
    "Deterministic",
    "Finished",
    "Succeeded",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found of one condition now."""

    type: ConditionType
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str = ""


# Set on the first visit, so that every type is always there.
UNKNOWN = tuple(Finding(kind, "Unknown", "NotKnownYet") for kind in ORDER)


def update(
    previous: tuple[Condition, ...],
    findings: tuple[Finding, ...],
    *,
    generation: int,
    now: float,
) -> tuple[Condition, ...]:
    """The new conditions: all types, in a fixed order.

    Args:
        previous: as they stand in the status.
        findings: what is known now; types that are not named keep what they said.
        generation: metadata.generation that was looked at.
        now: seconds since the epoch.
    """
    standing = {one.type: one for one in previous}
    found = {one.type: one for one in findings}
    unknown = {one.type: one for one in UNKNOWN}
    made = []
    for kind in ORDER:
        old = standing.get(kind)
        if kind not in found and old is not None:
            made.append(old)
            continue
        new = found.get(kind, unknown[kind])
        flipped = old is None or old.status != new.status
        since = timestamp(now) if flipped or old is None else old.last_transition_time
        made.append(
            Condition(
                type=kind,
                status=new.status,
                reason=new.reason,
                message=clip(new.message),
                observed_generation=generation,
                last_transition_time=since,
            )
        )
    return tuple(made)


def clip(text: str) -> str:
    """At most MAX_MESSAGE bytes of UTF-8, so that a status stays small; printable only."""
    plain = "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
    body = plain.encode(errors="replace")
    if len(body) <= MAX_MESSAGE:
        return plain
    return body[: MAX_MESSAGE - len("…".encode())].decode(errors="ignore") + "…"


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC, whole seconds."""
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float:
    """Seconds since the epoch of a `timestamp`."""
    return dt.datetime.fromisoformat(text).timestamp()
