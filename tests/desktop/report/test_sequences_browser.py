"""The page about sequences in a real browser, opened from a folder: no server, no script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.cli import called
from support.desktop.sequences import attacked_sequences, demo_sequences
from support.services.browser import expect, running_browser, watched_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.slow, pytest.mark.browser]


# Playwright keeps an event loop running in the thread: other modules could not start one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this process."""
    with running_browser() as started:
        yield started


def test_the_page_shows_its_pictures_without_scripts_or_requests(
    browser: Browser, tmp_path: Path
) -> None:
    folder = demo_sequences(tmp_path / "a b#c?ü")
    assert called("desktop", "report", folder, "--limit", 1).code == 0
    with watched_page(browser, java_script_enabled=True) as watched:
        watched.open(folder / "report/index.html")
        pictures = watched.page.locator(".frames img").all()
        assert len(pictures) > 5
        for picture in pictures:
            picture.scroll_into_view_if_needed()
            expect(picture).to_have_js_property("complete", value=True)
            assert picture.evaluate("image => image.naturalWidth") == 240
        assert watched.errors == []
        outside = (folder / "report").resolve().as_uri()
        assert [url for url in watched.requests if not url.startswith(outside)] == []
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        watched.page.set_viewport_size({"width": 360, "height": 640})
        assert watched.page.evaluate(wide)


def test_hostile_recordings_do_nothing_on_the_page(browser: Browser, tmp_path: Path) -> None:
    folder = attacked_sequences(tmp_path)
    assert called("desktop", "report", folder).code == 4
    with watched_page(browser) as watched:
        watched.open(folder / "report/index.html")
        assert watched.page.evaluate("window.hacked") is None
        assert watched.errors == []
        assert watched.page.locator(".sequence").count() == 10
        assert watched.page.locator("script, svg, .sequence a").count() == 0
