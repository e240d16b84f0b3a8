"""File names: every reader tells a sample's files apart, and parses none of them by its ending."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from support.generators.samples import write_sample
from vrdata.dataset.verify.sample.check import Findings
from vrdata.dataset.verify.sample.check import check_names as verify_names
from vrdata_child.hermetic.folders import find_samples
from vrdata_child.sample.finish import finish_sample
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.names import check_names, stored_name

REQUIRED = ("first_frame.png", "prompt.txt")


@pytest.mark.parametrize(
    "names",
    [
        ("Mask.png", "mask.png"),
        ("mask.PNG", "mask.png"),
        ("METADATA.json",),
        ("metadata.JSON",),
        ("Prompt.txt",),
        ("FINAL_FRAME.png",),
        ("layout.json", "layout.json.txt"),
        ("layout.json", "Layout.json.txt"),
        ("grid.npy", "grid.npy.bin"),
        ("__key__",),
        ("__url__.txt",),
        ("mäske.png",),
        ("a/b.png",),
        ("mask",),
        (".hidden.png",),
    ],
)
def test_names_that_some_reader_cannot_use_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(SampleInvalidError) as caught:
        check_names([*REQUIRED, *names])
    assert caught.value.reason == "UnsafeFile"
    assert names[0] in caught.value.message


@pytest.mark.parametrize(
    "names", [("a.png", "a.b.png"), ("a.png", "a.jpg"), ("Mask.png",), ("ground_truth.MP4",)]
)
def test_distinct_names_are_accepted(names: tuple[str, ...]) -> None:
    check_names([*REQUIRED, "metadata.json", *names])


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("metadata.json", "metadata.json"),
        ("layout.json", "layout.json.txt"),
        ("layout.JSON", "layout.JSON.txt"),
        ("grid.npy", "grid.npy.bin"),
        ("state.pkl", "state.pkl.bin"),
        ("label.cls", "label.cls.bin"),
        ("table.csv.gz", "table.csv.gz.bin"),
        ("scene.h5", "scene.h5.bin"),
        ("table.csv", "table.csv"),
        ("mask.jpg", "mask.jpg"),
    ],
)
def test_a_file_that_readers_would_parse_gets_another_ending(name: str, stored: str) -> None:
    assert stored_name(name) == stored
    assert stored_name(stored) == stored


def test_the_bytes_of_a_renamed_file_are_kept(tmp_path: Path) -> None:
    block = write_sample(tmp_path, "maze")
    (found,) = find_samples(tmp_path / "out")
    (found.path / "layout.json").write_bytes(b'{"wall": 1e2, "wall": null}')
    (found.path / "grid.npy").write_bytes(b"\x93NUMPY")
    packet = finish_sample(found, 0, block)
    done = tmp_path / "done/000000"
    assert (done / "layout.json.txt").read_bytes() == b'{"wall": 1e2, "wall": null}'
    assert (done / "grid.npy.bin").read_bytes() == b"\x93NUMPY"
    assert [file["name"] for file in packet["files"]] == sorted(p.name for p in done.iterdir())


@pytest.mark.parametrize("name", ["mask.jpg", "mask.gif", "mask.webp", "mask.tiff"])
def test_an_image_that_readers_cannot_decode_makes_the_sample_invalid(
    tmp_path: Path, name: str
) -> None:
    block = write_sample(tmp_path, "maze")
    (found,) = find_samples(tmp_path / "out")
    Image.new("RGB", (64, 64), "red").save(found.path / name)
    body = (found.path / name).read_bytes()
    (found.path / name).write_bytes(body[: len(body) // 2])
    with pytest.raises(SampleInvalidError) as caught:
        finish_sample(found, 0, block)
    assert caught.value.reason == "ImageUndecodable"


def test_verify_finds_names_that_differ_only_in_case() -> None:
    findings = Findings()
    verify_names(
        [*REQUIRED, "Mask.png", "mask.png"], where="O-maze/maze_00000000", findings=findings
    )
    assert findings.problems.counts == {"NameCollision": 1}
