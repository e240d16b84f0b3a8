"""A path of the machine enters no file of a sample."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from support.datasets.clips import write_clip
from support.generators.samples import write_sample
from vrdata_child.hermetic.folders import find_samples
from vrdata_child.sample import paths
from vrdata_child.sample.finish import BlockFacts, finish_sample
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.names import stored_name

ROOT = "/home/ada/.local/share/vrdata/generators/repos/O-maze-0123456789ab"


def finished(tmp_path: Path, name: str, body: bytes, root: str = ROOT) -> bytes:
    """A file of a sample after the child has finished the sample."""
    block = dataclasses.replace(write_sample(tmp_path, "maze"), root=root)
    (found,) = find_samples(tmp_path / "out")
    (found.path / name).write_bytes(body)
    packet = finish_sample(found, 0, block)
    return Path(packet["folder"], stored_name(name)).read_bytes()


def every_path(block: BlockFacts) -> list[str]:
    """Each path as a generator would write it, with something after it."""
    return [f"{path}/assets/ball.png" for path in (str(block.folder), ROOT, sys.prefix)]


@pytest.mark.parametrize("name", ["prompt.txt", "notes.txt", "scene.json", "table.csv", "a.svg"])
def test_a_path_in_a_text_becomes_relative(tmp_path: Path, name: str) -> None:
    block = dataclasses.replace(write_sample(tmp_path / "other", "maze"), folder=tmp_path)
    text = "\n".join(f"see {path}" for path in every_path(block))
    body = finished(tmp_path, name, text.encode())
    assert body.decode().splitlines() == ["see ./assets/ball.png"] * 3


def test_a_path_in_metadata_becomes_relative_in_keys_and_values(tmp_path: Path) -> None:
    own = {"deep": [{f"{ROOT}/a": f"{ROOT}/b"}], "search": os.environ["PATH"]}
    stored = json.loads(finished(tmp_path, "metadata.json", json.dumps(own).encode()))
    expected = {"deep": [{"./a": "./b"}], "search": "."}
    assert json.loads(stored["generator_metadata"]) == expected


def test_a_path_in_a_file_of_another_format_makes_the_sample_invalid(tmp_path: Path) -> None:
    with pytest.raises(SampleInvalidError) as caught:
        finished(tmp_path, "scene.bin", b"\x00\xff" + ROOT.encode() + b"/assets")
    assert caught.value.reason == "UnsafeFile"
    assert "scene.bin" in caught.value.message
    assert "relative path" in caught.value.message


def test_a_path_in_a_text_of_an_image_makes_the_sample_invalid(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("source", f"{ROOT}/assets/ball.png")
    body = io.BytesIO()
    Image.new("RGB", (8, 8)).save(body, "PNG", pnginfo=info)
    with pytest.raises(SampleInvalidError, match=r"extra\.png contains .* a path of the machine"):
        finished(tmp_path, "extra.png", body.getvalue())


@pytest.mark.parametrize("mode", ["asIs", "h264"])
def test_a_path_in_a_tag_of_a_video_is_dropped_or_makes_the_sample_invalid(
    tmp_path: Path, mode: str
) -> None:
    def tagged(output: Any, _: Any) -> None:
        output.metadata["comment"] = f"{ROOT}/assets"

    block = dataclasses.replace(write_sample(tmp_path, "maze", mode), root=ROOT)
    (found,) = find_samples(tmp_path / "out")
    write_clip(found.path / "ground_truth.mp4", more=tagged)
    if mode == "asIs":
        with pytest.raises(SampleInvalidError, match="a path of the machine"):
            finish_sample(found, 0, block)
        return
    video = Path(finish_sample(found, 0, block)["folder"], "ground_truth.mp4")
    assert ROOT.encode() not in video.read_bytes()


@pytest.mark.parametrize("body", [b"", b"\x00\xff/usr/share/fonts", b"see /usr/share/fonts"])
def test_a_file_without_a_path_of_the_machine_is_unchanged(tmp_path: Path, body: bytes) -> None:
    assert finished(tmp_path, "scene.bin", body) == body


def test_names_that_differ_only_in_a_path_of_the_machine_are_not_merged(tmp_path: Path) -> None:
    own = {f"{ROOT}/a": 1, "./a": 2}
    with pytest.raises(SampleInvalidError) as caught:
        finished(tmp_path, "metadata.json", json.dumps(own).encode())
    assert caught.value.reason == "BadMetadata"
    assert "differ only in a path" in caught.value.message


@pytest.mark.parametrize("variable", ["PATH", "PYTHONPATH"])
def test_a_variable_that_the_generator_sets_changes_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "maze/src" if variable == "PYTHONPATH" else "maze")
    assert finished(tmp_path, "prompt.txt", b"Solve the maze.") == b"Solve the maze."


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("see /app/a.png, /app.", "see ./a.png, .."),
        ("file:///app/a.png", "file://./a.png"),
        ("open /applications", "open /applications"),
        ("https://example.com/app/x", "https://example.com/app/x"),
        ("run /app.py or /app-2", "run /app.py or /app-2"),
    ],
)
def test_a_path_of_one_name_counts_only_as_a_whole(tmp_path: Path, text: str, stored: str) -> None:
    assert finished(tmp_path, "prompt.txt", text.encode(), "/app").decode() == stored


def test_a_path_of_one_name_makes_no_sample_invalid_by_chance(tmp_path: Path) -> None:
    body = b"\x00\xff/app\x93/app/\x00"
    assert finished(tmp_path, "scene.bin", body, "/app") == body


def test_a_file_below_a_path_of_one_name_makes_the_sample_invalid(tmp_path: Path) -> None:
    with pytest.raises(SampleInvalidError, match="a path of the machine"):
        finished(tmp_path, "scene.bin", b"\x00\xff/app/assets/ball.png", "/app")


def test_the_folder_of_staged_items_is_one_of_them(tmp_path: Path) -> None:
    block = dataclasses.replace(write_sample(tmp_path, "maze"), items="/scratch/i0123")
    (found,) = find_samples(tmp_path / "out")
    (found.path / "prompt.txt").write_text("Look at /scratch/i0123/7/cat.png.")
    packet = finish_sample(found, 0, block)
    assert Path(packet["folder"], "prompt.txt").read_text() == "Look at ./7/cat.png."


@pytest.mark.parametrize("before", [4090, 4096, 8180, 20_000])
def test_a_path_is_found_wherever_it_is_in_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    monkeypatch.setattr(paths, "WINDOW", 4096)
    monkeypatch.setattr(paths, "_OVERLAP", 64)
    file = tmp_path / "a.bin"
    file.write_bytes(b"\0" * before + b"/home/somebody/x" + b"\0" * 9000)
    with pytest.raises(SampleInvalidError, match="contains /home/somebody, a path"):
        paths.clean_file(file, ("/other/one", "/home/somebody"))
    paths.clean_file(file, ("/home/nobody",))


def test_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    program = """
import resource, sys
from pathlib import Path
from vrdata_child.sample.paths import clean_file
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = used()
clean_file(Path(sys.argv[1]), ("/home/somebody",))
print(used() - before)
"""
    file = tmp_path / "a.bin"
    with file.open("wb") as written:
        written.truncate(256 * 2**20)
    done = subprocess.run(
        [sys.executable, "-c", program, str(file)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert int(done.stdout) < 64, "MiB"
