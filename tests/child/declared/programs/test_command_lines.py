"""Command lines of `aws` and `ffmpeg` as values."""

from __future__ import annotations

import pytest

from vrdata_child.declared.programs.aws_options import UsageError, parsed
from vrdata_child.declared.programs.threads import fixed

OUT = ["-threads", "1", "-sws_flags", "bicubic+accurate_rnd+bitexact", "-fflags", "+bitexact"]
ALL = ["-filter_threads", "1", "-filter_complex_threads", "1"]


def test_each_output_of_ffmpeg_gets_one_thread() -> None:
    words = [
        "-y",
        "-f",
        "rawvideo",
        "-i",
        "-",
        "-an",
        "-c:v",
        "libx264",
        "a.mp4",
        "-vf",
        "scale=8:8",
        "-noautoscale",
        "b.mkv",
    ]
    assert fixed(words) == [
        *ALL,
        *("-y", "-f", "rawvideo", "-i", "-", "-an", "-c:v", "libx264", *OUT, "a.mp4"),
        *("-vf", "scale=8:8", "-noautoscale", *OUT, "b.mkv"),
    ]


@pytest.mark.parametrize("option", ["-threads", "-threads:v"])
def test_a_fixed_number_of_threads_is_kept_and_an_automatic_one_is_not(option: str) -> None:
    assert fixed(["-i", "a", option, "4", "b"])[4:] == ["-i", "a", option, "4", *OUT[2:], "b"]
    assert fixed(["-i", "a", option, "0", "b"])[4:] == ["-i", "a", option, "1", *OUT[2:], "b"]


def test_ffmpeg_that_only_prints_is_not_changed() -> None:
    assert fixed(["-hide_banner", "-version"]) == ["-hide_banner", "-version"]
    assert fixed(["-h", "encoder=libx264"]) == ["-h", "encoder=libx264"]


def test_a_value_that_begins_with_a_dash_is_no_option() -> None:
    assert fixed(["-itsoffset", "-1", "-i", "a", "b"])[4:8] == ["-itsoffset", "-1", "-i", "a"]


def test_an_unknown_option_of_aws_is_an_error() -> None:
    with pytest.raises(UsageError, match="unknown option: --shred"):
        parsed(["s3", "sync", "a", "b", "--shred"])
    with pytest.raises(UsageError, match="argument --exclude: expected one argument"):
        parsed(["s3", "sync", "a", "b", "--exclude"])


def test_the_last_filter_that_fits_decides() -> None:
    filters = parsed(["--exclude", "*", "--include=*.png", "--exclude", "*_mask.png"]).filters
    kept = [name for name in ("a.png", "d/b.png", "a_mask.png", "a.txt") if filters.keep(name)]
    assert kept == ["a.png", "d/b.png"]
