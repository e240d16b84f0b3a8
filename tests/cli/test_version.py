"""`vrdata --version`."""

from typer.testing import CliRunner

from vrdata import __version__
from vrdata.cli.main import app


def test_the_version_is_one_line_on_standard_output() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"vrdata {__version__}\n")


def test_help_still_names_the_program_and_its_commands() -> None:
    text = CliRunner().invoke(app, ["--help"]).stdout
    assert "training data for video reasoning" in text
    assert "generators" in text
