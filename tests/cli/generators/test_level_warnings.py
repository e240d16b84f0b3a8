"""Commands that run generators print one warning if the kernel does not sandbox them."""

from __future__ import annotations

import pytest

from vrdata.cli.generators.common import warn_about_level
from vrdata.hermetic import Hermetic

KERNEL = Hermetic(level="kernel", landlock=7)
PYTHON = Hermetic(level="python", missing="the kernel has no Landlock")


def test_one_warning_is_printed_for_many_generators(capsys: pytest.CaptureFixture[str]) -> None:
    warn_about_level([None, KERNEL, PYTHON, PYTHON])
    assert capsys.readouterr().err.splitlines() == [f"warning: {PYTHON.effect}; fix: {PYTHON.fix}"]


def test_sandboxed_generators_and_those_that_did_not_run_give_no_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    warn_about_level([None, KERNEL])
    assert capsys.readouterr().err == ""
