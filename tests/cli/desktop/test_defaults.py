"""The help of a command has the defaults of its options."""

from __future__ import annotations

import pytest

from support.cli import called


@pytest.mark.parametrize(
    ("command", "default"),
    [
        ("events", "mouse=60 screen=20"),
        ("bins", "screen, keyboard, mouse"),
        ("report", "report/ in the dataset"),
    ],
)
def test_a_default_that_is_computed_is_in_the_help(
    command: str, default: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert f"[default: ({default})]" in called("desktop", command, "--help").out
