"""Which way to run a generator is chosen, given the results of several trials."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.contract.refusals import Refusal
from vrdata.errors import InvalidInputError
from vrdata_generators.adapter.proof.prove import Mode, difference, prove, try_once
from vrdata_generators.adapter.proof.results import BrokenGeneratorError, TrialResult, TrialSample

Way = tuple[Mode, bool]


def block(
    content: str = "a",
    *,
    encoded: str = "x",
    error: str = "",
    samples: int = 2,
    frames: bool = True,
    own: str = "",
    notes: tuple[str, ...] = (),
) -> TrialResult:
    made = {
        position: TrialSample(
            id=f"d_{position:08d}",
            domain="d",
            files={"first_frame.png": encoded, "prompt.txt": "p", "ground_truth.mp4": encoded},
            pixels={"first_frame.png": content},
            frames={"ground_truth.mp4": content} if frames else {},
            bytes=10,
            own={"ground_truth.mp4": own} if own else {},
            notes=notes,
        )
        for position in range(samples)
    }
    return TrialResult(made, (), error, "log line", 1.0, 100)


def maker(ways: dict[Way, TrialResult | list[TrialResult]]) -> Callable[[Mode, bool], TrialResult]:
    """A generator with the given block for each way; it cannot be imported in the others."""

    def make(mode: Mode, accelerate: bool) -> TrialResult:
        made = ways.get((mode, accelerate))
        if made is None:
            raise BrokenGeneratorError(f"{mode} cannot import it")
        return made.pop(0) if isinstance(made, list) else made

    return make


def test_equal_content_enables_streaming_and_acceleration() -> None:
    proof = prove(
        maker({("whole", False): block(encoded="plain"), ("stream", True): block(encoded="fast")})
    )
    assert (proof.mode, proof.acceleration.enabled, proof.deterministic) == ("stream", True, True)
    assert "2 samples" in proof.acceleration.reason


def test_different_pixels_disable_acceleration() -> None:
    proof = prove(
        maker(
            {
                ("whole", False): block(),
                ("stream", True): block("b"),
                ("stream", False): block(),
            }
        )
    )
    assert (proof.mode, proof.acceleration.enabled, proof.deterministic) == ("stream", False, True)
    assert "first_frame.png" in proof.acceleration.reason


def test_different_streamed_content_means_mode_whole() -> None:
    proof = prove(
        maker(
            {
                ("whole", False): block(),
                ("stream", True): block("b"),
                ("stream", False): block("b"),
                ("whole", True): block(),
            }
        )
    )
    assert (proof.mode, proof.acceleration.enabled, proof.deterministic) == ("whole", True, True)


def test_a_failing_stream_means_mode_whole_without_acceleration() -> None:
    failed = block(error="boom", samples=0)
    proof = prove(
        maker(
            {
                ("whole", False): block(),
                ("stream", True): failed,
                ("stream", False): failed,
                ("whole", True): failed,
            }
        )
    )
    assert (proof.mode, proof.acceleration.enabled) == ("whole", False)
    assert "failed" in proof.acceleration.reason


def test_a_repository_that_cannot_be_imported_in_advance_is_bare() -> None:
    proof = prove(maker({("bare", False): block(), ("bare", True): block()}))
    assert (proof.mode, proof.acceleration.enabled, proof.deterministic) == ("bare", True, True)


def test_different_blocks_with_the_same_seed_are_nondeterministic() -> None:
    proof = prove(
        maker(
            {
                ("whole", False): [block("a"), block("b")],
                ("stream", True): block("c"),
                ("stream", False): block("d"),
            }
        )
    )
    assert (proof.mode, proof.acceleration.enabled, proof.deterministic) == (
        "stream",
        False,
        False,
    )
    assert any("same seed" in warning for warning in proof.warnings)


def test_a_generator_that_fails_in_every_mode_is_refused_with_the_reason() -> None:
    with pytest.raises(InvalidInputError, match="cannot be imported") as caught:
        prove(maker({}))
    assert "bare cannot import it" in caught.value.why


@pytest.mark.parametrize("proving", [prove, try_once])
def test_a_block_without_samples_is_refused_with_the_output(
    proving: Callable[[Callable[[Mode, bool], TrialResult]], object],
) -> None:
    nothing = block(error="made 0 of 2 samples", samples=0)
    with pytest.raises(InvalidInputError, match="no usable block") as caught:
        proving(maker({("whole", False): nothing, ("stream", False): nothing}))
    assert "made 0 of 2" in caught.value.why
    assert "log line" in caught.value.why


def test_a_single_trial_leaves_acceleration_off() -> None:
    proof = try_once(maker({("stream", False): block()}))
    assert (proof.mode, proof.acceleration.enabled, proof.deterministic) == ("stream", False, None)


WAYS: list[Way] = [(mode, fast) for mode in ("whole", "stream", "bare") for fast in (False, True)]


@given(
    st.dictionaries(
        st.sampled_from(WAYS),
        st.builds(block, st.sampled_from("ab"), error=st.sampled_from(["", "boom"])),
    )
)
def test_acceleration_is_on_only_if_it_changes_nothing(ways: dict[Way, TrialResult]) -> None:
    try:
        proof = prove(maker(dict(ways)))
    except InvalidInputError:
        return
    reference = ways.get(("whole", False)) or ways[("bare", False)]
    chosen = ways[proof.mode, proof.acceleration.enabled]
    assert not chosen.error
    assert chosen.same_content(reference)


def test_a_difference_names_the_sample_and_file() -> None:
    assert difference(block("a"), block("b")) == "d_00000000: pixels of first_frame.png"
    assert difference(block(), block(samples=1)) == "2 and 1 sample"
    assert difference(block(), block(encoded="other")) == "no difference"
    assert block().same_content(block(encoded="other"))


def test_a_difference_names_the_fields_of_the_generator_s_metadata() -> None:
    def with_fields(content: str, **fields: str) -> TrialResult:
        (sample,) = block(samples=1).samples.values()
        files = sample.files | {"metadata.json": content}
        return replace(block(), samples={0: replace(sample, files=files, fields=fields)})

    first = with_fields("a", pid="1", steps="2", uuid="3")
    one, two = with_fields("b", pid="9", steps="2", uuid="3"), with_fields("c", pid="9", steps="2")
    assert difference(first, one) == "d_00000000: metadata.json, field pid"
    assert difference(first, two) == "d_00000000: metadata.json, fields pid, uuid"


def test_a_video_whose_frames_are_not_known_is_never_proven() -> None:
    proof = prove(maker({("whole", False): block(frames=False)}))
    assert (proof.deterministic, proof.acceleration.enabled) == (False, False)
    (warning,) = proof.warnings
    assert "cannot be compared (d_00000000: ground_truth.mp4)" in warning


def test_other_bytes_with_equal_frames_are_a_warning() -> None:
    ways: dict[Way, TrialResult | list[TrialResult]] = {
        ("whole", False): block(own="one"),
        ("stream", True): block(own="two"),
    }
    proof = prove(maker(ways))
    assert proof.deterministic
    (warning,) = proof.warnings
    assert warning.startswith("ground_truth.mp4 has other bytes each time")


def test_each_note_on_the_videos_is_a_warning_once() -> None:
    noted = block(own="one", notes=("ground_truth.mp4: its sound is dropped", "b.mp4: short"))
    proof = prove(maker({("whole", False): noted, ("stream", True): noted}))
    assert proof.warnings == (
        "ground_truth.mp4: its sound is dropped; video: asIs keeps the file",
        "b.mp4: short",
    )


@pytest.mark.parametrize(
    ("attempt", "advice"),
    [
        ("open a network connection", "have no network"),
        ("write /srv/notes.txt", "write only to its output folder"),
        ("read /srv/words.txt", "cannot read other files"),
        ("trace another process (ptrace)", "generators test FOLDER -v"),
    ],
)
def test_advice_for_a_failed_block_names_what_the_sandbox_allows(attempt: str, advice: str) -> None:
    failed = replace(block(), samples={}, error="E: no", refused=(Refusal(attempt),))
    with pytest.raises(InvalidInputError) as caught:
        prove(maker({("whole", False): failed}))
    assert advice in caught.value.fix
