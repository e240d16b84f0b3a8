"""Render the page's files from facts and cards, with escaped text. Equal input, equal bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files
from string import Template

from vrdata.dataset.report.model import Card, ReportFacts
from vrdata.dataset.report.page import page_parts
from vrdata.dataset.report.publish import STATIC

# None of these is special in a script file; escaped, the data is harmless in any context.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def render_page(facts: ReportFacts, digest: str) -> bytes:
    """index.html, without the cards.

    Args:
        facts: what the page shows.
        digest: `Publisher.digest` of the other files.
    """
    template = files("vrdata.dataset.report") / "templates" / "index.html"
    return Template(template.read_text()).substitute(page_parts(facts, digest)).encode()


def render_cards(cards: Iterable[Card]) -> bytes:
    """cards.js: the cards as one assignment, because a page from a folder cannot fetch JSON."""
    data = [card.to_dict() for card in cards]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return f"window.vrdataCards={text.translate(_ESCAPES)};\n".encode()


def static_files() -> dict[str, bytes]:
    """The files that are the same in every report, by name."""
    folder = files("vrdata.dataset.report") / "static"
    return {name: (folder / name).read_bytes() for name in STATIC}
