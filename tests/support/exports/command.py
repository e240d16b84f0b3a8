"""Run `vrdata export` in this process."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner, Result

from vrdata.cli.main import app


def export(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def exported(*arguments: object) -> dict[str, Any]:
    """The JSON of an export that succeeds."""
    ran = export(*arguments, "-o", "json")
    assert ran.exit_code == 0, ran.output
    return dict(json.loads(ran.stdout))
