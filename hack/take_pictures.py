"""Take the pictures in README from a report: `python hack/take_pictures.py REPORT/index.html`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# Pictures outside the viewport are loaded lazily.
_LOADED = """() => [...document.images].every(image => {
    const { top, bottom } = image.getBoundingClientRect();
    return image.complete || bottom < 0 || top > innerHeight;
})"""
FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"


def main() -> int:
    """Write docs/images/report.png and samples.png; returns the exit code."""
    page_file = Path(sys.argv[1]).resolve()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(page_file.as_uri())
        page.wait_for_load_state("networkidle")
        page.screenshot(path=str(FOLDER / "report.png"))
        page.locator("article.card").first.evaluate("card => card.scrollIntoView()")
        page.wait_for_function(_LOADED)
        page.screenshot(path=str(FOLDER / "samples.png"))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
