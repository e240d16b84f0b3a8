"""Doubts about the samples of a trial."""

from __future__ import annotations

from vrdata_generators.adapter.pipeline.contents import doubts, usual_files
from vrdata_generators.adapter.proof.results import TrialResult, TrialSample

FRAMES = ("first_frame.png", "final_frame.png")


def trial(*names: tuple[str, ...], still: tuple[int, ...] = ()) -> TrialResult:
    """Samples with these files; the first and the final frame of some are equal."""
    samples = {}
    for at, files in enumerate(names):
        pixels = {name: "same" if at in still else name for name in files if name in FRAMES}
        digests = dict.fromkeys(files, "0" * 64)
        samples[at] = TrialSample(f"x_{at}", "x", digests, pixels, {}, 1)
    return TrialResult(samples, (), "", "", 0.0, 0)


def test_names_that_most_samples_have_are_usual() -> None:
    found = trial(("a.txt", "b.mp4"), ("a.txt", "b.mp4"), ("a.txt", "c.txt"))
    assert usual_files(found) == ("a.txt", "b.mp4")
    assert usual_files(trial(("a.txt", "b.mp4"), ("a.txt",))) == ("a.txt",)


def test_a_sample_without_a_usual_file_is_named() -> None:
    found = trial(("a.txt", "b.mp4"), ("a.txt",))
    assert list(doubts(found, ("a.txt", "b.mp4"))) == ["x_1 lacks b.mp4, which most samples have"]


def test_samples_whose_first_and_final_frame_are_equal_are_counted() -> None:
    found = trial(FRAMES, FRAMES, FRAMES, ("prompt.txt",), still=(1, 2))
    assert list(doubts(found, ())) == [
        "the first and the final frame of 2 samples are equal, as in x_1"
    ]
