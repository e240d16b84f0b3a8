"""Render the page's files from facts and cards, with escaped text. Equal input, equal bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from vrdata.dataset.report.cards.choose import cards_per_generator
from vrdata.dataset.report.model import Card, ReportFacts
from vrdata.dataset.report.publish import STATIC
from vrdata.dataset.report.texts import size_text

# None of these is special in a script file; escaped, the data is harmless in any context.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def page_templates(package: str) -> Environment:
    """The templates of a package's pages: values are escaped, and an unknown name is an error."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_page(facts: ReportFacts, digest: str) -> bytes:
    """index.html, without the cards.

    Args:
        facts: what the page shows.
        digest: `Publisher.digest` of the other files.
    """
    environment = page_templates("vrdata.dataset.report")
    environment.filters |= {"number": number_text, "size": size_text, "of": _of}
    page = environment.get_template("index.html.j2").render(
        facts=facts,
        digest=digest,
        status=status_text(facts),
        totals=_totals(facts),
        classes=sorted({row.generator_class for row in facts.generators}),
        per_generator=cards_per_generator(len(facts.generators)),
    )
    return page.encode()


def render_cards(cards: Iterable[Card]) -> bytes:
    """cards.js: the cards as one assignment, because a page from a folder cannot fetch JSON."""
    data = [card.to_dict() for card in cards]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return f"window.vrdataCards={text.translate(_ESCAPES)};\n".encode()


def static_files() -> dict[str, bytes]:
    """The files that are the same in every report, by name."""
    folder = files("vrdata.dataset.report") / "static"
    return {name: (folder / name).read_bytes() for name in STATIC}


def status_text(facts: ReportFacts) -> str:
    """The status of the run in a few words."""
    if not facts.finished:
        return "Not finished"
    return f"Finished, some {facts.unit}s failed" if facts.failed_samples else "Finished"


def number_text(value: int) -> str:
    """A count with commas between thousands."""
    return f"{value:,}"


def _of(value: int, whole: int) -> str:
    """`5`, or `3 of 5` if some are missing."""
    return number_text(value) if value == whole else f"{number_text(value)} of {number_text(whole)}"


def _totals(facts: ReportFacts) -> list[tuple[str, str, str]]:
    """Name, value and detail of each total."""

    def missing(whole: int, value: int) -> str:
        return "" if value == whole else f"of {number_text(whole)}"

    wanted = facts.planned - facts.failed_samples
    return [
        (f"{facts.unit}s", number_text(facts.samples), missing(wanted, facts.samples)),
        ("failed", number_text(facts.failed_samples), ""),
        ("duplicates", number_text(facts.duplicates), ""),
        ("generators", number_text(len(facts.generators)), ""),
        ("shards", number_text(facts.shards), missing(facts.planned_shards, facts.shards)),
        ("files", number_text(facts.files), ""),
        ("size", size_text(facts.bytes), ""),
    ]
