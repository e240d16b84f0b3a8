"""The example of docs/generators-write.md, "Make it faster", has the output of the command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.cli import vrdata

PAGE = (Path(__file__).parents[2] / "docs/generators-write.md").read_text()
FILE = re.compile(
    r"<!-- file: (G-fall/generator.py) -->\n```python\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
EXAMPLE = re.compile(
    r"```console\n\$ vrdata (generators profile .*?)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


def without_figures(text: str) -> list[str]:
    """The lines of an output without what differs each time."""
    lines = [re.sub(r"^ *\d+% +[\d.]+ +|\b\d+%|[\d.]+ s ", "", line) for line in text.splitlines()]
    return [line.partition(": video")[0] for line in lines]


@pytest.mark.slow
def test_the_profile_in_the_documentation_is_what_the_command_prints(tmp_path: Path) -> None:
    file, code = FILE.findall(PAGE)[0]
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_text(code)
    command, shown = EXAMPLE.findall(PAGE)[0]
    ran = vrdata(*command.split(), cwd=tmp_path, VRDATA_GENERATORS=str(tmp_path / "home"))
    assert ran.code == 0, ran.err
    assert "the samples are equal to samples without a profile" in ran.err
    expected, found = without_figures(shown), without_figures(ran.out)
    slowest = expected.index("Slowest lines of its own code:") + 2
    assert "generator.py:30 in picture, waits in canvas.picture (Pillow)" in expected[slowest - 1]
    for line in expected[:slowest]:
        assert line.partition(": ")[0] in {one.partition(": ")[0] for one in found}
    assert found[found.index("Slowest lines of its own code:") + 1] == expected[slowest - 1]
