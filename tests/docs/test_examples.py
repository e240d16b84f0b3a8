"""Every example of the pages below runs, in order; each page has its own folder.

`<!-- file: NAME -->` before a block writes it to a file. `console` blocks run line by line,
`python` blocks as programs; a `yaml` block without a file name must be a valid run. Lines that need
a network or the reader's own code do not run; if they are `vrdata` lines, they must still parse.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from support.documents.pages import ROOT, Block, blocks, parse, run

PAGES = (
    "README.md",
    "docs/formats.md",
    "docs/verify.md",
    "docs/determinism.md",
    "docs/report.md",
    "docs/extend.md",
    "docs/converters-write.md",
    "docs/import.md",
    "docs/sources.md",
    "docs/export.md",
    "docs/pipelines.md",
    "docs/timeseries-convert.md",
    "docs/desktop-cluster.md",
)
TRAINING = ("docs/timeseries.md", "docs/desktop.md")
NOT_RUN = (
    (r"pip install ", "needs a package index"),
    (r"vrdata generators add ", "needs a package index for the environment"),
    (r"(helm|kubectl) ", "needs a cluster; tests/cluster runs such commands"),
    (r"vrdata verify s3://", "needs the bucket of that cluster"),
    (
        r"vrdata import videothinkbench ",
        "needs the Hub; tests/e2e/importing imports from a local one",
    ),
    (r"vrdata verify data/questions", "needs that import"),
    (r"vrdata generators test G-7_rope ", "needs the reader's own generator"),
    (r"vrdata run thyroid.yaml ", "needs a public repository; tests/e2e/pipelines runs one"),
    (r"vrdata verify data$", "needs that run"),
    (r"jq -r .* data/default/thyroid/", "needs that run"),
    (r"vrdata export s3://", "needs a bucket; tests/export exports from one"),
    (
        r"python training/prepare_data.py ",
        "needs VBVR-Pro; tests/support/exports reads by its rules",
    ),
    (r"python run_evaluation_video.py ", "needs VBVR-Pro-Bench; see the line above"),
    (r"accelerate launch ", "needs DiffSynth-Studio and a GPU"),
)


def commands(block: Block) -> list[str]:
    """The commands of a console block: lines after `$ `, continued after a backslash."""
    found: list[str] = []
    continued = False
    for line in block.text.splitlines():
        if continued:
            found[-1] += f"\n{line}"
        elif line.startswith("$ "):
            found.append(line[2:])
        continued = (continued or line.startswith("$ ")) and line.endswith("\\")
    assert found, f"a console block has no command: {block.text}"
    return found


def is_run(command: str) -> bool:
    return not any(re.match(pattern, command) for pattern, _ in NOT_RUN)


def run_block(block: Block, folder: Path) -> None:
    """Write, run or validate a block."""
    if block.file:
        (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
        (folder / block.file).write_text(block.text)
        return
    match block.language:
        case "console":
            for command in filter(is_run, commands(block)):
                run(["bash", "-o", "pipefail", "-c", command], folder)
        case "python":
            run([sys.executable, "-c", block.text], folder)
        case "yaml":
            (folder / "example.yaml").write_text(block.text)
            run(["vrdata", "validate", "example.yaml"], folder)
        case other:
            pytest.fail(f"unknown language {other!r}: the block would not run")


@pytest.mark.slow
@pytest.mark.parametrize("page", [pytest.param(PAGES[0], marks=pytest.mark.smoke), *PAGES[1:]])
def test_the_examples_of_a_page_run(page: str, tmp_path: Path) -> None:
    steps = blocks(page)
    assert any(block.language in {"console", "python"} for block in steps)
    for block in steps:
        run_block(block, tmp_path)


@pytest.mark.torch
@pytest.mark.parametrize("page", TRAINING)
def test_the_examples_of_a_tutorial_for_training_run(page: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for block in blocks(page):
        run_block(block, tmp_path)


def lines_not_run() -> list[str]:
    """The lines of all pages that do not run."""
    consoles = [
        one for page in (*PAGES, *TRAINING) for one in blocks(page) if one.language == "console"
    ]
    return [line for block in consoles for line in commands(block) if not is_run(line)]


def test_every_entry_of_not_run_is_needed() -> None:
    for pattern, _ in NOT_RUN:
        assert any(re.match(pattern, line) for line in lines_not_run()), pattern


def test_lines_that_do_not_run_parse() -> None:
    lines = [line for line in lines_not_run() if line.startswith("vrdata")]
    assert lines
    for line in lines:
        parse(line)


def test_a_line_with_an_unknown_option_does_not_parse() -> None:
    with pytest.raises(Exception, match="No such option"):
        parse("vrdata generators add ./folder --comit 1")
