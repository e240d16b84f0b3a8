"""A real browser for tests: the Chromium that is installed, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from support.tools import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, LocatorAssertions, Page

WAIT_MILLISECONDS = 20_000


def chromium() -> str:
    """Path of the browser. Without one the test is skipped, or fails: see `missing`."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("Chromium is not installed: run hack/install-test-tools")
    return found


def expect(locator: Locator) -> LocatorAssertions:
    """Playwright's assertions, which wait for a page to change; imported when a test needs them."""
    from playwright import sync_api

    return sync_api.expect(locator)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A headless browser; the sandbox is off because containers run tests as root."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watched:
    """A page, with its errors and its requests.

    Attributes:
        page: the page.
        errors: console errors and warnings, exceptions, dialogs.
        requests: every requested URL.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, page: Path, fragment: str = "") -> None:
        """Load a file, with a fragment such as `#sample=…`."""
        self.page.goto(page.resolve().as_uri() + fragment)

    def ids(self) -> list[str]:
        """Ids of the cards that are shown."""
        return self.page.locator("#cards .card:visible .id").all_inner_texts()


@contextmanager
def watched_page(browser: Browser, **options: object) -> Iterator[Watched]:
    """A new page that records errors and requests.

    Args:
        browser: the browser.
        options: of the context, e.g. `viewport` or `color_scheme`.
    """
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(WAIT_MILLISECONDS)
    watched = Watched(context.new_page())
    page = watched.page
    page.on(
        "console",
        lambda message: (
            watched.errors.append(message.text) if message.type in {"error", "warning"} else None
        ),
    )
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    page.on("dialog", lambda dialog: (watched.errors.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: watched.requests.append(request.url))
    try:
        yield watched
    finally:
        context.close()
