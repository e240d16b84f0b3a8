"""Reports of runs that were really made, and a browser to look at them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.builders import build_run, make_plan
from support.cli import vrdata, write_run
from support.datasets.videos import encoded
from support.services.browser import Watched, running_browser, watched_page
from vrdata.dataset.outputs import write_outputs
from vrdata.store.file.store import FileStore

if TYPE_CHECKING:
    from playwright.sync_api import Browser

GENERATORS = {"O-maze": 3, "G-pendulum": 2}
ATTACKS = (
    "<img src=x onerror=\"window.hacked='img'\">",
    "</script><script>window.hacked='script'</script>",
    "\"'><svg onload=\"window.hacked='svg'\">",
    "\u202eright to left \u2066 override\u2028next\x00line",
    "javascript:window.hacked='link'",
)


# Playwright keeps an event loop running in the thread: other modules could not start one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this process."""
    with running_browser() as started:
        yield started


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A fresh page."""
    with watched_page(browser) as page:
        yield page


@pytest.fixture(scope="session")
def real_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run that `vrdata run` made, in a folder with an awkward name."""
    folder = tmp_path_factory.mktemp("run") / "a b#c?ü"
    run = write_run(folder / "run.yaml", GENERATORS)
    ran = vrdata("run", run, "--local", "--out", folder / "out", "-o", "json")
    assert ran.code == 0, ran.err
    page = Path(ran.json["report"])
    assert page.is_file()
    return page


@pytest.fixture(scope="session")
def attacked_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with hostile texts and with videos that browsers do not play."""

    def change(index: int, files: dict[str, bytes]) -> None:
        attack = ATTACKS[index % len(ATTACKS)]
        own = json.dumps({"parameters": {attack: attack}})
        metadata = json.loads(files["metadata.json"]) | {"generator_metadata": own}
        files["metadata.json"] = json.dumps(metadata).encode()
        files["prompt.txt"] = attack.encode()
        files["ground_truth.mp4"] = encoded("mpeg4", frames=16)

    store = FileStore(tmp_path_factory.mktemp("attacked"))
    plan = make_plan({"O-1_maze": len(ATTACKS) + 1})
    build_run(store, plan, change=change, failed={("O-1_maze", len(ATTACKS))})
    write_outputs(store, plan, detect=False)
    return Path(store.url) / "report/index.html"
