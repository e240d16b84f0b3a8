"""A sample's record, other than checksums, is compared with the sample's files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from support.builders import build_run, make_plan, png
from support.datasets import damage
from support.datasets.damage import NAME
from support.generators.samples import write_sample
from support.markers import samples_of
from support.memorystore import MemoryStore
from vrdata.dataset.checks.problems import Problem
from vrdata.dataset.verify.run import verify
from vrdata.dataset.verify.sample.content_hash import content_hash
from vrdata.dataset.verify.sample.decode import Decoder
from vrdata_child.hermetic.folders import find_samples
from vrdata_child.sample.finish import finish_sample


def problems_after(change: Callable[[dict[str, Any]], None]) -> list[Problem]:
    """The problems of a run after a change to the record of its second sample."""
    store = MemoryStore()
    build_run(store, make_plan({NAME: 5}))
    damage.change(store, lambda _head, records: change(records[1]))
    return [problem for problem in verify(store).problems if problem.kind != "NotFinished"]


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"content": "0" * 64}, "WrongContent", "its content hash differs"),
        ({"paramHash": "ab12"}, "BadMetadata", "param_hash is '' instead of 'ab12'"),
        ({"video": {"fps": 10.0}}, "WrongVideo", "8 frames a second, its commit marker says 10"),
        ({"video": {"fps": 0.0}}, "WrongVideo", "8 frames a second, its commit marker says 0"),
        ({"video": {"frames": 4}}, "WrongVideo", "3 frames of 64 x 64"),
        ({"video": {"encoder": "x264 fast crf21 yuv444p"}}, "WrongVideo", "h264 yuv420p, its"),
    ],
)
def test_a_samples_record_is_compared_with_its_files(
    change: dict[str, Any], kind: str, message: str
) -> None:
    def write(sample: dict[str, Any]) -> None:
        video = sample["video"] | change.get("video", {})
        sample.update(change | {"video": video})

    (problem,) = problems_after(write)
    assert (problem.kind, problem.where[:22]) == (kind, f"{NAME}/maze_00000001")
    assert message in problem.message


@pytest.mark.parametrize("name", ["first_frame.png", "final_frame.png", "prompt.txt"])
def test_the_content_hash_of_another_file_is_found(name: str) -> None:
    def replace_it(files: dict[str, bytes]) -> None:
        other = png(9) if name.endswith("png") else b"Another prompt."
        files[name] = other

    sound = MemoryStore()
    sample = samples_of(sound, build_run(sound, make_plan({NAME: 5}))[0])[3]
    store = MemoryStore()
    build_run(
        store, make_plan({NAME: 5}), change=lambda at, files: replace_it(files) if at == 3 else None
    )
    damage.change(store, lambda _head, records: records[3].update(content=sample.content))
    assert verify(store).problem_counts == {"NotFinished": 1, "WrongContent": 1}


def test_a_record_without_a_content_hash_is_no_problem() -> None:
    assert problems_after(lambda sample: sample.update(content="")) == []


def drawn(mode: str) -> bytes:
    """A PNG file of a mode, with transparent colours where the mode has such a table."""
    image = Image.linear_gradient("L").resize((16, 16))
    image = Image.new("I;16", (16, 16), 40000) if mode == "I;16" else image.convert(mode)
    body = io.BytesIO()
    image.save(body, "PNG", **({"transparency": bytes(range(256))} if mode == "P" else {}))
    return body.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_the_content_hash_equals_the_one_that_the_generator_child_computes(
    tmp_path: Path, mode: str
) -> None:
    facts = write_sample(tmp_path, "maze")
    (sample,) = find_samples(tmp_path / "out")
    (sample.path / "first_frame.png").write_bytes(drawn(mode))
    (sample.path / "prompt.txt").write_bytes("Füll\r\nit.".encode())
    made = finish_sample(sample, 0, facts)
    folder = Path(made["folder"])
    media = Decoder().inspect("x.png", (folder / "first_frame.png").read_bytes(), None, pixels=True)
    assert media is not None
    if mode == "I;16":  # versions of Pillow turn it into different RGB pixels
        assert media.pixels == ""
        return
    prompt = (folder / "prompt.txt").read_bytes()
    assert content_hash(media.pixels, "", prompt) == made["content"]


def test_a_file_with_other_bytes_is_one_problem_not_also_wrong_content() -> None:
    store = MemoryStore()
    build_run(store, make_plan({NAME: 5}, output_format="files"))
    key = next(key for key in store.objects if key.endswith("maze_00000003/prompt.txt"))
    store.objects[key] = bytes(reversed(store.objects[key]))
    assert verify(store).problem_counts == {"NotFinished": 1, "ChecksumMismatch": 1}
