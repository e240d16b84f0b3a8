"""Run `vrdata export` in this process."""

from __future__ import annotations

from typing import Any

from support.cli import Ran, called


def export(*arguments: object) -> Ran:
    """Run the command."""
    return called("export", *arguments)


def exported(*arguments: object) -> dict[str, Any]:
    """The JSON of an export that succeeds."""
    ran = export(*arguments, "-o", "json")
    assert ran.code == 0, ran.err
    return dict(ran.json)
