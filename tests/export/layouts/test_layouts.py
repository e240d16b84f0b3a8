"""Every layout gives valid, distinct paths and equal bytes for whatever a generator may write."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.dataset import layout as places
from vrdata.dataset.manifest import VideoRecord
from vrdata.errors import InvalidInputError
from vrdata.export.layouts.base import Sample
from vrdata.export.layouts.originals import metadata_of, original_name
from vrdata.export.layouts.registry import LAYOUTS
from vrdata.store.keys import key_problem
from vrdata_child.sample import jsontext
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.metadata import normalise_metadata
from vrdata_child.sample.names import SAFE_DOMAIN, check_names, stored_name

NEEDED = ("first_frame.png", "final_frame.png", "ground_truth.mp4", "prompt.txt")
ENDINGS = ["json", "txt", "bin", "npy", "gz", "png", "mp4", "csv", "h5"]
FILE_NAMES = st.lists(
    st.builds(
        lambda stem, endings: ".".join([stem, *endings]),
        st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True),
        st.lists(st.sampled_from(ENDINGS), min_size=1, max_size=3),
    ),
    max_size=4,
)
DOMAINS = st.from_regex(SAFE_DOMAIN, fullmatch=True)
GENERATORS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
OWN = st.dictionaries(st.text(min_size=1, max_size=8), VALUES, max_size=4)
TEXTS = st.text(min_size=1, max_size=30).filter(str.strip)


def sample(
    *,
    generator: str = "O-1_maze",
    domain: str = "maze",
    index: int = 7,
    number: int = 3,
    others: list[str] | None = None,
    own: dict[str, Any] | str = "{}",
    prompt: str = "Go.",
    fps: float = 16.0,
) -> Sample:
    """A sample as a run stores it."""
    body, _ = normalise_metadata(
        (own if isinstance(own, str) else json.dumps(own)).encode(),
        generator=generator,
        domain=domain,
        sample_id=places.sample_id(domain, index),
        seed=1,
        block=0,
        position=index,
        paths=(),
    )
    files = {stored_name(name): name.encode() for name in (*NEEDED, *(others or ()))}
    files |= {"metadata.json": body, "prompt.txt": prompt.encode()}
    return Sample(
        generator=generator,
        index=index,
        number=number,
        id=places.sample_id(domain, index),
        folder=places.sample_folder(generator, domain, index),
        files=files,
        video=VideoRecord(
            name="ground_truth.mp4", frames=5, fps=fps, width=64, height=32, encoder="x264"
        ),
    )


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@given(
    generator=GENERATORS,
    domain=DOMAINS,
    index=st.integers(0, 10**9),
    others=FILE_NAMES,
    prompt=TEXTS,
)
def test_paths_are_valid_distinct_and_sorted(
    layout: Any, generator: str, domain: str, index: int, others: list[str], prompt: str
) -> None:
    try:
        check_names({*NEEDED, *others})
    except SampleInvalidError:
        return
    one = sample(generator=generator, domain=domain, index=index, others=others, prompt=prompt)
    assert layout.missing(one.files) == ()
    written = list(layout.files(one))
    paths = [path for path, _ in written]
    assert [key_problem(path) for path in paths] == [""] * len(paths)
    assert paths == sorted({path.lower(): path for path in paths}.values())
    assert {path.partition("/")[0] for path in paths} == {generator}
    assert list(layout.files(one)) == written
    if layout.lines:
        line = layout.line(one).decode()
        assert line.splitlines() == [line[:-1]]
        assert json.loads(line)["prompt"] == prompt.strip()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_samples_do_not_share_paths(layout: Any) -> None:
    samples = [
        sample(generator=name, domain=domain, index=index, number=index)
        for name in ("O-1_maze", "O-2_maze")
        for domain in ("maze",)
        for index in (0, 1, 10**8)
    ]
    paths = [path for one in samples for path, _ in layout.files(one)]
    assert len(set(paths)) == len(paths)


@given(FILE_NAMES)
def test_a_name_that_a_run_changes_is_restored(names: list[str]) -> None:
    for name in names:
        if stored_name(name) != name:
            assert original_name(stored_name(name)) == name


@pytest.mark.parametrize("name", ["prompt.txt", "model.bin", "a.csv.txt", "v1.2.bin", "x.txt"])
def test_other_names_stay(name: str) -> None:
    assert original_name(name) == name


@given(OWN)
def test_metadata_are_what_the_generator_wrote_and_the_id(own: dict[str, Any]) -> None:
    own.pop("timestamp", None)
    text = next(body for path, body in LAYOUTS["vbvr"].files(sample(own=own)) if "meta" in path)
    found = json.loads(text)
    assert found.pop("task_id") == "maze_00000007"
    own.pop("task_id", None)
    assert {name: found[name] for name in own} == own
    assert set(found) - set(own) <= {"generator", "domain", "generation", "param_hash"}


def test_numbers_of_metadata_keep_their_digits() -> None:
    own = '{"a": 1.10, "b": 1e5, "c": 123456789012345678901234567890.0, "d": -0.0}'
    for layout in (LAYOUTS["vbvr"], LAYOUTS["pro"]):
        text = next(body for path, body in layout.files(sample(own=own)) if "meta" in path)
        for digits in ("1.10", "1e5", "123456789012345678901234567890.0", "-0.0"):
            assert f": {digits}".encode() in text


@pytest.mark.parametrize(("fps", "shown"), [(16.0, 16), (29.97, 29.97)])
def test_the_frame_rate_is_the_one_of_the_video(fps: float, shown: float) -> None:
    one = sample(fps=fps, own={"parameters": {"video_fps": 3, "cells": 4}})
    line = json.loads(LAYOUTS["jsonl"].line(one))
    assert (line["frame_rate"], line["num_frames"]) == (shown, 5)
    text = dict(LAYOUTS["pro"].files(one))[f"{one.folder}/metadata.json"]
    assert json.loads(text)["parameters"] == {"video_fps": shown, "cells": 4}


def test_a_line_has_no_separator_that_some_readers_split_at() -> None:
    prompt = "a\u2028b\u2029c\x85d\ne"
    line = LAYOUTS["jsonl"].line(sample(prompt=prompt)).decode()
    assert line.splitlines() == [line[:-1]]
    assert json.loads(line)["prompt"] == prompt


@pytest.mark.parametrize("field", ["parameters", "generic_declarative_render"])
def test_pro_refuses_metadata_that_its_reader_cannot_use(field: str) -> None:
    with pytest.raises(InvalidInputError, match="does not fit the layout pro"):
        list(LAYOUTS["pro"].files(sample(own={field: [1]})))


def test_a_key_frame_with_a_large_number_takes_no_memory() -> None:
    tracemalloc.start()
    try:
        missing = LAYOUTS["pro"].missing([*NEEDED, "metadata.json", "frame_300000.png"])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert missing == ("frame_1.png", "frame_2.png", "frame_3.png")
    assert peak < 100_000


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"task_id": "a", "generator_metadata": 3}'])
def test_damaged_metadata_are_one_error(body: bytes) -> None:
    one = sample()
    damaged = replace(one, files={**one.files, "metadata.json": body})
    with pytest.raises(InvalidInputError, match=r"metadata\.json of O-1_maze sample 7"):
        metadata_of(damaged)


def test_a_number_of_metadata_is_not_rounded() -> None:
    found = metadata_of(sample(own='{"a": 0.1000}'))
    assert found["a"] == jsontext.Number("0.1000")
