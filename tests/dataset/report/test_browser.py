"""The page in a real browser, opened from a folder: no server, no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.datasets.report_facts import CARD, FACTS
from support.services.browser import WAIT_MILLISECONDS, Watched, expect, watched_page
from vrdata.dataset.report.render import render_cards, render_page, static_files

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = [pytest.mark.slow, pytest.mark.browser]

MAZES = [f"maze_{at:08d}" for at in range(3)]
PENDULUMS = [f"pendulum_{at:08d}" for at in range(2)]
ALL = [*MAZES, *PENDULUMS]


def play(card: Locator) -> None:
    """Start a card's clip and wait until it shows pictures and time passes."""
    card.get_by_role("button", name="Play the clip").click()
    video = card.locator("video").element_handle()
    assert video is not None
    card.page.wait_for_function(
        "video => video.videoWidth > 0 && video.readyState >= 2 && video.currentTime > 0",
        arg=video,
        timeout=WAIT_MILLISECONDS,
    )


def card_of(watched: Watched, sample: str) -> Locator:
    return watched.page.locator(
        ".card", has=watched.page.get_by_role("link", name=sample, exact=True)
    )


def synthetic_report(folder: Path, cards: int) -> Path:
    """A page with so many cards and no media."""
    many = [
        CARD.model_copy(
            update={"index": at, "id": f"s_{at:08d}", "prompt": f"move {at} to the right " * 5}
        )
        for at in range(cards)
    ]
    files = static_files() | {"cards.js": render_cards(many), "index.html": render_page(FACTS, "")}
    for name, body in files.items():
        (folder / name).write_bytes(body)
    return folder / "index.html"


@pytest.mark.smoke
def test_the_page_opens_without_errors_and_requests_nothing_outside_its_folder(
    watched: Watched, real_report: Path
) -> None:
    watched.open(real_report)
    assert sorted(watched.ids()) == sorted(ALL)
    for image in watched.page.locator("#cards img").all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", value=True)
        assert image.evaluate("image => image.naturalWidth") > 0
        assert image.get_attribute("alt")
    assert watched.errors == []
    folder = real_report.parent.resolve().as_uri()
    assert [url for url in watched.requests if not url.startswith(folder)] == []


@pytest.mark.smoke
def test_every_clip_plays(watched: Watched, real_report: Path) -> None:
    watched.open(real_report)
    assert not [url for url in watched.requests if url.endswith(".mp4")]
    cards = watched.page.locator(".card").all()
    assert len(cards) == len(ALL)
    for card in cards:
        play(card)
    assert watched.errors == []


def test_clips_play_also_for_videos_that_browsers_cannot_play(
    watched: Watched, attacked_report: Path
) -> None:
    watched.open(attacked_report)
    play(watched.page.locator(".card").first)
    assert watched.errors == []


def test_filters_show_exactly_the_matching_samples(watched: Watched, real_report: Path) -> None:
    watched.open(real_report)
    page = watched.page
    page.get_by_label("generator", exact=True).select_option("O-maze")
    assert watched.ids() == MAZES
    expect(page.locator("#count")).to_have_text("3 of 5 samples match")
    page.get_by_role("button", name="Clear").click()
    assert sorted(watched.ids()) == sorted(ALL)
    page.get_by_label("class", exact=True).select_option("G")
    assert watched.ids() == PENDULUMS
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("text").fill("MAZE_00000001")
    assert watched.ids() == ["maze_00000001"]
    page.get_by_label("text").fill("no such words")
    assert watched.ids() == []
    expect(page.locator("#count")).to_have_text("0 of 5 samples match")


def test_the_address_keeps_the_filters(watched: Watched, real_report: Path) -> None:
    watched.open(real_report)
    watched.page.get_by_label("class", exact=True).select_option("O")
    watched.page.get_by_label("text").fill("00000002 & maze")
    watched.page.get_by_label("text").fill("00000002 maze")
    assert watched.ids() == ["maze_00000002"]
    watched.page.reload()
    assert watched.ids() == ["maze_00000002"]
    expect(watched.page.get_by_label("text")).to_have_value("00000002 maze")
    expect(watched.page.get_by_label("class", exact=True)).to_have_value("O")


def test_a_generator_of_the_table_filters_the_samples(watched: Watched, real_report: Path) -> None:
    watched.open(real_report)
    watched.page.locator("#generators").get_by_role("link", name="G-pendulum").click()
    assert watched.ids() == PENDULUMS


def test_a_permalink_opens_its_sample(watched: Watched, real_report: Path) -> None:
    watched.open(real_report)
    link = watched.page.get_by_role("link", name="maze_00000002", exact=True).get_attribute("href")
    assert link == "#sample=O-maze%2Fmaze_00000002"
    watched.open(real_report.with_name("index.html"), link)
    watched.page.reload()
    card = card_of(watched, "maze_00000002")
    expect(card).to_be_focused()
    expect(card).to_be_in_viewport()
    expect(card.locator(".metadata")).to_be_visible()
    expect(card.locator(".metadata")).to_contain_text('"generator": "O-maze"')


def test_a_permalink_wins_over_filters_that_would_hide_it(
    watched: Watched, real_report: Path
) -> None:
    watched.open(real_report, "#generator=G-pendulum&sample=O-maze%2Fmaze_00000000")
    expect(card_of(watched, "maze_00000000")).to_be_focused()
    expect(watched.page.get_by_label("generator", exact=True)).to_have_value("")


def test_an_invalid_address_shows_everything(watched: Watched, real_report: Path) -> None:
    watched.open(real_report, "#page=-5&sample=nothing&x=%E0%A4%A&q=")
    assert len(watched.ids()) == len(ALL)
    assert watched.errors == []


def test_hostile_texts_are_shown_and_never_executed(
    watched: Watched, attacked_report: Path
) -> None:
    watched.open(attacked_report)
    page = watched.page
    for summary in page.locator("summary").all():
        summary.click()
    shown = page.locator(".card .prompt").all_text_contents()
    assert "<img src=x onerror=\"window.hacked='img'\">" in shown
    assert "</script><script>window.hacked='script'</script>" in shown
    assert page.evaluate("window.hacked") is None
    assert page.locator("[onerror], [onload], .prompt *, #cards svg, #cards script").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    assert watched.errors == []


def test_a_right_to_left_override_stays_inside_its_prompt(
    watched: Watched, attacked_report: Path
) -> None:
    watched.open(attacked_report)
    prompt = watched.page.locator(".prompt", has_text="override")
    expect(prompt).to_have_css("unicode-bidi", "isolate")
    expect(prompt).to_have_attribute("dir", "auto")


def test_the_page_can_be_used_with_the_keyboard_alone(watched: Watched, real_report: Path) -> None:
    watched.open(real_report)
    page = watched.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the samples")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#samples")).to_be_focused()
    cards = page.locator(".card")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(cards.nth(0)).to_be_focused()
    page.keyboard.press("o")
    expect(cards.nth(0).locator(".metadata")).to_be_visible()
    page.keyboard.press("p")
    expect(cards.nth(0).locator("video")).to_have_js_property("paused", value=False)
    page.keyboard.press("/")
    expect(page.get_by_label("text")).to_be_focused()
    page.keyboard.type("jkmaze")
    expect(page.get_by_label("text")).to_have_value("jkmaze")


def test_every_control_has_a_name(watched: Watched, real_report: Path) -> None:
    watched.open(real_report)
    unnamed = watched.page.evaluate(
        "[...document.querySelectorAll('button, input, select, video, img, article')]"
        ".filter(e => !(e.ariaLabel || e.alt || e.textContent.trim() || e.labels?.length)).length"
    )
    assert unnamed == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_in_light_and_dark(
    browser: Browser, real_report: Path, scheme: str
) -> None:
    size = {"width": 360, "height": 740}
    with watched_page(browser, viewport=size, color_scheme=scheme) as watched:
        watched.open(real_report, "#sample=O-maze%2Fmaze_00000001")
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= 360
        assert darkness(watched) == scheme


def darkness(watched: Watched) -> str:
    colours = watched.page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    page, text = (sum(map(int, colour[4:-1].split(","))) for colour in colours)
    return "light" if page > text else "dark"


def test_a_thousand_samples_are_shown_in_pages(watched: Watched, tmp_path: Path) -> None:
    watched.open(synthetic_report(tmp_path, 1000))
    page = watched.page
    assert page.evaluate("document.querySelectorAll('*').length") < 3000
    first = watched.ids()
    page.get_by_role("button", name="Next").click()
    second = watched.ids()
    assert second
    assert not set(first) & set(second)
    page.reload()
    assert watched.ids() == second
    page.get_by_role("button", name="Previous").click()
    assert watched.ids() == first
    expect(page.get_by_role("button", name="Previous")).to_be_disabled()
    watched.open(tmp_path / "index.html", "#sample=O-a%2Fs_00000777")
    expect(card_of(watched, "s_00000777")).to_be_focused()


def test_a_report_without_samples_opens(watched: Watched, tmp_path: Path) -> None:
    watched.open(synthetic_report(tmp_path, 0))
    expect(watched.page.locator("#count")).to_have_text("0 samples")
    assert watched.errors == []


def test_the_page_shows_the_data_of_the_dataset(real_report: Path) -> None:
    text = (real_report.parent / "cards.js").read_text()
    cards = json.loads(text.removeprefix("window.vrdataCards=").rstrip(";\n"))
    dataset = json.loads((real_report.parents[1] / "dataset.json").read_text())
    assert len(cards) == dataset["samples"] == len(ALL)
    assert dataset["datasetHash"] in real_report.read_text()
