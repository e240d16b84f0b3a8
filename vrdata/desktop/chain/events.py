"""Stage 1 in a run: the events of one recording as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from vrdata.desktop.chain.columns import MEDIA, Rows, with_facts
from vrdata.desktop.chain.options import OptionValues
from vrdata.desktop.cores.sampling import DEFAULT_RATES, down_sampled, parse_rates
from vrdata.desktop.recordings.container import NotARecordingError
from vrdata.desktop.recordings.folder import MediaCheck, read_instruction
from vrdata.desktop.recordings.reading import Recording
from vrdata.desktop.stages.facts import Facts, watched

MAX_MEDIA = 1000
"""Media files that the facts name; a recording usually has one."""


def rates_of(options: Mapping[str, str]) -> dict[str, Fraction]:
    """The most events a second for each topic.

    Raises:
        ValueError: an option is unknown or invalid.
    """
    given = OptionValues(options, ("rate",))
    return given.parsed(
        "rate", " ".join(DEFAULT_RATES), lambda text: parse_rates(text.replace(",", " ").split())
    )


def event_rows(
    path: Path, name: str, sidecar: Path | None, rates: Mapping[str, Fraction]
) -> Iterator[dict[str, Any]]:
    """The rows of a recording, in the order of time.

    Args:
        path: the MCAP file.
        name: the column `file_path`.
        sidecar: the file with its instruction.
        rates: the most events a second for each topic.

    Raises:
        ValueError: it is not a recording.
        OSError: it cannot be read.
    """
    facts = Facts(name)
    media = MediaCheck(lambda _: False)  # where they are is known to those who train
    facts.instruction = None if sidecar is None else read_instruction(sidecar)
    try:
        recording = Recording(path)
    except NotARecordingError as error:
        why = error.what.replace(str(path), name)
        raise ValueError(f"{why}: {error.why}") from None
    with recording:
        facts.losses, facts.announced = recording.losses, recording.announced
        yield from with_facts(
            _rows(recording, facts, media, rates), lambda: _noted(facts, media.missing)
        )


def _rows(
    recording: Recording, facts: Facts, media: MediaCheck, rates: Mapping[str, Fraction]
) -> Rows:
    for event in down_sampled(watched(recording, facts, media), rates):
        facts.kept += 1
        yield {"file_path": facts.file_path, **event._asdict()}


def _noted(facts: Facts, media: Mapping[str, int]) -> dict[str, Any]:
    facts.missing = {}
    return facts.to_dict() | {MEDIA: dict(islice(media.items(), MAX_MEDIA))}
