"""Tables of reasons in hand-written pages, from the enums that define the reasons.

A page has a pair of comments; what is between them is generated:

    <!-- reasons: blocked -->
    <!-- end -->

`blocked`, `ended` and `state` list condition reasons of that topic, `events` lists event reasons
and `failures` the reasons of failed attempts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vrdata.contract.reasons import FailureReason
from vrdata_operator.event_reasons import EventReason
from vrdata_operator.reasons import Reason
from vrdata_operator.topics import Topic

_TABLE = re.compile(
    r"(?P<start><!-- reasons: (?P<kind>\w+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL
)


def with_reasons(page: str) -> str:
    """The page with every table of reasons written again. Raises ValueError for another kind."""
    return _TABLE.sub(lambda match: match["start"] + _table(match["kind"]) + match["end"], page)


def _table(kind: str) -> str:
    match kind:
        case "events":
            rows = [(f"`{one}`", one.kind, one.meaning) for one in EventReason]
            return _lines(("reason", "type", "recorded when"), rows)
        case "failures":
            known = [one for one in FailureReason if one is not FailureReason.PREEMPTED]
            failures = [(f"`{one}`", str(int(one.exit)), one.recurs, one.meaning) for one in known]
            return _lines(("reason", "exit code", "retried", "meaning"), failures)
    rows = [(f"`{one}`", one.meaning, one.fix) for one in Reason if one.topic is Topic(kind)]
    return _lines(("reason", "meaning", "what to do"), rows)


def _lines(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(line)} |\n".replace("|  |", "| |") for line in (head, *rows)]
    return "".join((lines[0], "|" + "---|" * len(head) + "\n", *lines[1:]))
