"""Log lines of runs: about ten for each run, as text or as JSON."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

from vrdata.api.status import GenerationRunStatus
from vrdata.contract.reasons import FailureReason
from vrdata.plan.waves import Wave
from vrdata.privacy.texts import without_url_credentials
from vrdata.text import count, printable, printable_line
from vrdata_operator.decide import Action, ApplyJob, Decision, StoreWave
from vrdata_operator.event_reasons import EventReason
from vrdata_operator.observe.cache import RunMemory
from vrdata_operator.policy.finalisation import current_stage
from vrdata_operator.state.identity import RunIdentity
from vrdata_operator.state.run import RunView
from vrdata_operator.state.shard_sets import ShardSet
from vrdata_operator.state.time import seconds, timestamp
from vrdata_operator.status.events import RunEvent

# The lines of `decided` and `begun` say the same with more details.
_TOLD = frozenset(
    {EventReason.ACCEPTED, EventReason.STARTED, EventReason.RETRYING, EventReason.FINALISING}
)
_ENDS = frozenset({EventReason.SUCCEEDED, EventReason.FAILED})
_CHATTY = ("kopf", "aiohttp.access", "botocore")  # they log events, requests and their own state
_LEVELS = {"Normal": logging.INFO, "Warning": logging.WARNING}
Value = str | int | float

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One line about a run.

    Attributes:
        fields: further fields of a line in JSON.
    """

    event: str
    message: str
    fields: dict[str, Value] = field(default_factory=dict)
    level: int = logging.INFO


def write(run: RunIdentity, lines: Iterable[Line]) -> None:
    """Log lines about a run."""
    name = f"{run.namespace}/{run.name}"
    for line in lines:
        fields = {"run": name, "uid": run.uid, "event": line.event} | line.fields
        log.log(line.level, "%s: %s", name, line.message, extra={"fields": fields})


def follow(view: RunView, memory: RunMemory, decision: Decision) -> None:
    """Log what a turn has decided."""
    if not memory.begun and not view.facts.reading:
        memory.begun = True
        write(view.identity, [begun(view)])
    write(view.identity, decided(view, decision.actions))
    if decision.status.finished:
        memory.figures = figures_of(view, decision.status)


def begun(view: RunView) -> Line:
    """The first line about a run in the life of an operator process."""
    samples = sum(planned.samples for planned in view.plan.generators)
    size = f"{count(samples, 'sample')} in {count(view.shards, 'shard')}"
    fields: dict[str, Value] = {"plan": view.config.plan, "samples": samples, "shards": view.shards}
    if not view.history.own:
        return Line("Accepted", f"accepted: {size}, plan {view.config.plan}", fields)
    done = len(view.done)
    message = f"continued: {done} of {count(view.shards, 'shard')} are committed"
    return Line("Continued", message, fields | {"committed": done})


def decided(view: RunView, actions: Iterable[Action]) -> list[Line]:
    """Lines about what is done now: waves and tries of finalisation."""
    waves = [action.wave for action in actions if isinstance(action, StoreWave)]
    first = [wave for wave in waves if not _is_retry(view, wave)]
    retries = [wave for wave in waves if _is_retry(view, wave)]
    lines = [_waves(first, "generating", "Generating", {})] if first else []
    if retries:
        lines.append(_waves(retries, "retrying", EventReason.RETRYING, _reasons(view, retries)))
    applied = any(isinstance(action, ApplyJob) for action in actions)
    return [*lines, _finalising(view)] if view.complete and applied else lines


def transition(event: RunEvent, figures: dict[str, Value]) -> list[Line]:
    """The line about a change of the status; the last one of a run has its figures.

    Args:
        event: the event that is posted.
        figures: as `figures_of` returns them.
    """
    if event.reason in _TOLD:
        return []
    message, fields = f"{event.reason.value.lower()}: {event.message}", figures
    if event.reason in _ENDS:
        message += "; " + ", ".join(f"{name} {value}" for name, value in figures.items())
    else:
        fields = {}
    return [Line(event.reason.value, message, fields, _LEVELS[event.reason.kind])]


def figures_of(view: RunView, status: GenerationRunStatus) -> dict[str, Value]:
    """What a run that has ended generated, and what it took."""
    uncharged = attempts = 0
    later = ShardSet()
    for wave in reversed(view.history.own):
        shards = ShardSet.of_wave(wave) - later
        later |= shards
        if not wave.repair:
            attempts += len(shards) * max(0, wave.attempt - view.history.first_attempt)
            uncharged += len(shards) * wave.uncharged
    times = (status.start_time, status.completion_time)
    start, end = (seconds(time) if time else view.facts.now for time in times)
    return {
        "samples": status.samples.succeeded,
        "failed": status.samples.failed,
        "bytes": status.bytes,
        "seconds": max(0, round(end - start)),
        "waves": status.waves,
        "charged retries": max(0, attempts - uncharged),
        "uncharged retries": uncharged,
    }


def _is_retry(view: RunView, wave: Wave) -> bool:
    return wave.repair or wave.uncharged > 0 or wave.attempt > view.history.first_attempt


def _waves(waves: list[Wave], doing: str, event: str, reasons: dict[str, int]) -> Line:
    shards = sum(wave.size for wave in waves)
    numbers = f"wave {waves[0].wave}"
    if len(waves) > 1:
        numbers = f"waves {waves[0].wave} to {waves[-1].wave}"
    why = ", ".join(f"{reason} {number}" for reason, number in reasons.items())
    message = f"{doing}: {count(shards, 'shard')} in {numbers}" + (f": {why}" if why else "")
    return Line(event, message, {"wave": waves[0].wave, "shards": shards, **reasons})


def _reasons(view: RunView, waves: list[Wave]) -> dict[str, int]:
    """How many shards of retry waves failed for which reason, the most frequent first."""
    found: Counter[str] = Counter()
    for wave in waves:
        for shard in ShardSet.of_wave(wave):
            failure = view.facts.failures.get(shard)
            found["Damaged" if wave.repair else failure.reason if failure else "Disrupted"] += 1
    return {str(reason): number for reason, number in found.most_common()}


def _finalising(view: RunView) -> Line:
    stage = current_stage(view)
    if stage is None:
        return Line("Finalising", "finalising")
    fields: dict[str, Value] = {"stage": stage.name, "try": stage.number + 1}
    message = f"finalising: try {stage.number + 1} of {stage.name}"
    failure = stage.failure
    if failure is None:
        return Line("Finalising", message, fields)
    fields["reason"] = failure.reason.value
    message += f"; the last one failed: {failure.reason}: {failure.message}"
    more = failure.reason is FailureReason.OUT_OF_MEMORY
    message += f"; memory {stage.memory} bytes" if more else ""
    return Line("Finalising", message, fields, logging.WARNING)


class Changes:
    """Which texts differ from the last one of the same key: a problem is logged once."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def is_new(self, key: str, text: str) -> bool:
        """Whether this text is another one than before; an empty one ends a problem."""
        changed = self._last.get(key, "") != text
        self._last.pop(key, None)
        if text:
            self._last[key] = text
        return changed and bool(text)


class TextFormat(logging.Formatter):
    """One readable line; control characters that others wrote are replaced."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        line = f"{timestamp(record.created)} {record.levelname} {_message(record)}"
        return f"{line}\n{_traceback(self, record)}" if record.exc_info else line


class JsonFormat(logging.Formatter):
    """One JSON object in each line."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        found: dict[str, Any] = {
            "time": timestamp(record.created),
            "level": record.levelname,
            "message": _message(record),
        }
        found |= getattr(record, "fields", {})
        if record.exc_info:
            found["exception"] = _traceback(self, record)
        return json.dumps(found)


def configure(form: Literal["text", "json"]) -> None:
    """Log to standard error in this format. Times are in UTC."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormat() if form == "json" else TextFormat())
    handler.addFilter(_is_news)
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _is_news(record: logging.LogRecord) -> bool:
    """Kopf prints tracebacks when a definition is deleted; `serving` says that in one line."""
    error = record.exc_info[1] if record.exc_info else None
    missing = getattr(error, "status", None) == HTTPStatus.NOT_FOUND
    return not (record.name.startswith("kopf") and missing)


def _message(record: logging.LogRecord) -> str:
    return without_url_credentials(printable_line(record.getMessage(), " "))


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    text = formatter.formatException(record.exc_info) if record.exc_info else ""
    return without_url_credentials(printable(text, "?"))
