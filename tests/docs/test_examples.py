"""Every marked example of the documentation runs.

`<!-- file: NAME -->` before a block writes it to a file; `console` blocks run line by line,
`python` blocks as programs, all of one page in one folder and in order.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("formats", "verify", "determinism", "report")
_BLOCK = re.compile(r"(?:<!-- file: (\S+) -->\n)?```(\w+)\n(.*?)```", re.DOTALL)
STEP_SECONDS = 120


def blocks(page: str) -> Iterator[tuple[str, str, str]]:
    """File name or "", language, and text of each block."""
    yield from _BLOCK.findall((DOCS / f"{page}.md").read_text())


def run(command: list[str], folder: Path) -> None:
    """Run one step of a page."""
    tools = Path(sys.executable).parent
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ
        | {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder / "home"),
            "VRDATA_GENERATORS": str(folder / "generators-home"),
            "HF_HUB_OFFLINE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=STEP_SECONDS,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run(page: str, tmp_path: Path) -> None:
    steps = 0
    for name, language, text in blocks(page):
        if name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        elif language == "console":
            for line in text.splitlines():
                assert line.startswith("$ "), f"{page}: a console line without a prompt: {line}"
                run(["bash", "-c", line[2:]], tmp_path)
                steps += 1
        elif language == "python":
            run([sys.executable, "-c", text], tmp_path)
            steps += 1
    assert steps > 0
