"""Run the `vrdata generators` commands in this process."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import typer
from click.testing import Result
from typer.testing import CliRunner

from vrdata.cli.generators import commands as generators


def run(*arguments: str | Path) -> Result:
    """Run `vrdata generators ARGUMENTS`."""
    return CliRunner().invoke(_app(), ["generators", *map(str, arguments)])


def printed(*arguments: str | Path, code: int = 0) -> Any:
    """The JSON that `vrdata generators ARGUMENTS` prints."""
    result = run(*arguments)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@cache
def _app() -> typer.Typer:
    app = typer.Typer(pretty_exceptions_enable=False)
    generators.register(app)
    return app
