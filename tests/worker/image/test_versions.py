"""Versions of what is not part of a generator's digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrdata_worker.image import versions


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo 'ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000'; echo more", "5.1.9-0+deb12u1"),
        ("echo something else", "unusable"),
        ("exit 1", "unusable"),
        ("sleep 60", "unusable"),
    ],
)
def test_the_version_of_ffmpeg_is_the_one_that_it_prints(
    script: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n".replace("sleep", "exec sleep"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(versions, "SECONDS", 1.0 if "sleep" in script else 30.0)
    assert versions.ffmpeg_version() == expected


def test_a_machine_without_ffmpeg_has_no_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert versions.ffmpeg_version() == "absent"
