"""Texts of run and profile files, and the problems that loading them reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrdata.api.reading.loading import InvalidFileError, Problem, load_profile, load_run

RUN = """\
apiVersion: vrdata.dev/v1alpha1
kind: GenerationRun
metadata:
  name: demo
spec:
  samples: 2
  generators:
    - name: O-maze
"""  # 8 lines: a text that a test appends to the spec starts in line 9

PROFILE = """\
apiVersion: vrdata.dev/v1alpha1
kind: GenerationProfile
metadata:
  name: default
spec:
"""  # 5 lines


def write(folder: Path, text: str, name: str = "run.yaml") -> Path:
    """Write a file, even with a text that UTF-8 cannot encode."""
    path = folder / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path


def run_problems(folder: Path, text: str) -> list[Problem]:
    """The problems of the text of a run."""
    with pytest.raises(InvalidFileError) as caught:
        load_run(write(folder, text))
    return caught.value.problems


def profile_problems(folder: Path, text: str) -> list[Problem]:
    """The problems of the text of a profile."""
    with pytest.raises(InvalidFileError) as caught:
        load_profile(write(folder, text))
    return caught.value.problems
