"""The page and its data: escaped, nothing inline, equal bytes for equal facts."""

import json
from html.parser import HTMLParser

from support.datasets.report_facts import ATTACK, CARD, FACTS
from vrdata.contract.groups import FailureGroup
from vrdata.contract.reasons import FailureReason
from vrdata.dataset.report.publish import MARK, MARK_WITHIN
from vrdata.dataset.report.render import render_cards, render_page, static_files


class Tags(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_untrusted_text_is_escaped() -> None:
    group = FailureGroup(
        generator=ATTACK,
        reason=FailureReason.GENERATOR_FAILED,
        unit="samples",
        count=1,
        sample=0,
        message=ATTACK,
        traceback=ATTACK,
    )
    safe = Tags(render_page(FACTS.model_copy(update={"failures": (group,)}), ""))
    assert safe.tags.count("script") == 2
    assert "img" not in safe.tags
    assert sum(ATTACK in text for text in safe.texts) == 3
    assert not [name for name, _ in safe.attributes if name.startswith("on")]


def test_a_traceback_is_folded_below_its_message() -> None:
    group = FailureGroup(
        generator="O-a",
        reason=FailureReason.EMPTY_PROMPT,
        unit="samples",
        count=1,
        message="why",
    )
    for traceback, shown in (("File x, line 1", 1), ("", 0)):
        one = group.model_copy(update={"traceback": traceback})
        page = Tags(render_page(FACTS.model_copy(update={"failures": (one,)}), ""))
        assert page.texts.count("Traceback") == shown
        assert f"why {'Traceback File x, line 1' if shown else ''}".strip() in page.text
    assert "open" not in dict(page.attributes)


def test_the_page_has_no_inline_code_and_no_external_resources() -> None:
    page = Tags(render_page(FACTS, ""))
    assert "style" not in page.tags
    assert not [name for name, _ in page.attributes if name == "style"]
    addresses = [value for name, value in page.attributes if name in {"src", "href"}]
    assert addresses
    assert not [address for address in addresses if "//" in (address or "")]
    policy = next(value for _, value in page.attributes if value and "default-src" in value)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_cards_are_a_script_with_unchanged_texts_and_without_markup() -> None:
    script = render_cards([CARD]).decode()
    assert not set("<>&\u2028\u2029") & set(script)
    (card,) = json.loads(script.removeprefix("window.vrdataCards=").removesuffix(";\n"))
    assert card["prompt"] == card["metadata"] == card["parameters"][0]["value"] == ATTACK


def test_a_run_without_cards_has_an_empty_list() -> None:
    assert render_cards([]) == b"window.vrdataCards=[];\n"


def test_a_finished_run_shows_its_totals_and_hash() -> None:
    text = Tags(render_page(FACTS, "")).text
    assert "Finished" in text
    assert "samples 1,200" in text
    assert "12.3 kB" in text
    assert "sha256:22" in text
    assert "Failures None." in text


def test_an_unfinished_run_shows_what_is_missing() -> None:
    missing = {"finished": False, "samples": 1000, "shards": 4, "dataset_hash": ""}
    text = Tags(render_page(FACTS.model_copy(update=missing), "")).text
    assert "Not finished" in text
    assert "samples 1,000 of 1,200" in text
    assert "shards 4 of 5" in text
    assert "dataset hash" not in text


def test_failed_samples_are_not_counted_as_missing() -> None:
    failed = {"samples": 1190, "failed_samples": 10}
    text = Tags(render_page(FACTS.model_copy(update=failed), "")).text
    assert "Finished, some samples failed" in text
    assert "samples 1,190 failed 10" in text


def test_the_page_is_recognised_as_a_report() -> None:
    assert MARK in render_page(FACTS, "")[:MARK_WITHIN]


def test_equal_facts_give_equal_bytes() -> None:
    assert render_page(FACTS, "") == render_page(FACTS, "")
    assert render_cards([CARD]) == render_cards([CARD])


def test_the_static_files_are_in_the_package() -> None:
    assert {name for name, body in static_files().items() if body} == {
        "icon.svg",
        "report.css",
        "report.js",
    }
