"""Damaged, incomplete and hostile HDF5 files: the error names file and place."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from support.timeseries.hdf5 import ACTIONS, BEGIN, FRAMES, POSES, TEXT, write_franka
from vrdata_generators.episodes import hdf5
from vrdata_generators.episodes.mapping import FRANKA
from vrdata_generators.episodes.reading import read_episodes
from vrdata_generators.episodes.recording import EpisodeError


def error(path: Path) -> str:
    with pytest.raises(EpisodeError) as caught:
        list(read_episodes(path, FRANKA))
    return str(caught.value)


def replaced(place: str, value: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        if place in file:
            del file[place]
        file[place] = value

    return change


def removed(place: str) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[place]

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (removed("hand"), "a.h5: hand is missing: the file has oakd_front_view, right, task_desc"),
        (removed(ACTIONS), "hand/right/policy_output is missing: hand/right has nothing"),
        (replaced("right/franka", 5), f"{POSES} is missing: right/franka is not a group"),
        (replaced(ACTIONS, np.zeros(5)), "is a dataset, not a group of steps: name it with"),
        (replaced(f"{ACTIONS}/last", 1.0), f"a.h5: {ACTIONS}: 'last' is not a time in ns"),
        (replaced(f"{ACTIONS}/0{BEGIN}", 1.0), "does not come after"),
        (
            replaced(f"{ACTIONS}/{BEGIN + 1}", [1.0, 2.0]),
            f"{ACTIONS}/{BEGIN + 1}: dimension mismatch: 2 values, the first step has 1",
        ),
        (replaced(f"{ACTIONS}/{BEGIN}", "open"), "are not numbers"),
        (replaced(f"{ACTIONS}/{BEGIN}", h5py.Empty("f")), f"{ACTIONS}/{BEGIN} is empty"),
        (replaced(POSES + f"/{BEGIN + 7}", np.zeros(6)), "dimension mismatch: 7 values, the first"),
        (
            replaced(f"{FRAMES}/{BEGIN + 4}", np.zeros((8, 9, 3), np.uint8)),
            f"{FRAMES}/{BEGIN + 4}: the frame has 9 x 8 pixels, the first one 64 x 48",
        ),
        (replaced(f"{FRAMES}/{BEGIN + 4}", np.zeros(9, np.uint8)), "it is not an image|none of"),
        (removed(TEXT), "task_description has no text; name the dataset or attribute"),
        (replaced("task_description/other", "x"), "several texts: task_description/description,"),
        (replaced(TEXT, " "), "has 1 characters of text"),
        (replaced(TEXT, np.bytes_(b"\xff\xfe")), "is not UTF-8"),
        (replaced(TEXT, h5py.ExternalLink("/etc/hostname", "/x")), "is a link to another file"),
        (replaced("hand", h5py.SoftLink("/hand")), "too many links"),
        (replaced("hand", h5py.SoftLink("/nowhere")), "nowhere is missing"),
    ],
)
def test_the_error_names_the_place(
    tmp_path: Path, change: Callable[[h5py.File], None], words: str
) -> None:
    path = write_franka(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        change(file)
    found = error(path)
    assert found.startswith("a.h5: ")
    assert any(part in found for part in words.split("|")), found


def test_a_group_without_steps_is_named(tmp_path: Path) -> None:
    assert error(write_franka(tmp_path / "a.h5", poses=0, more={f"{POSES}2": 1})) != ""
    path = write_franka(tmp_path / "b.h5", poses=0)
    with h5py.File(path, "a") as file:
        file.create_group(POSES)
    assert error(path) == f"b.h5: {POSES} has no steps"


def test_a_file_that_is_not_hdf5_or_truncated_is_named(tmp_path: Path) -> None:
    text = tmp_path / "a.h5"
    text.write_text("not HDF5")
    assert "a.h5 is not an HDF5 file, or is damaged" in error(text)
    whole = write_franka(tmp_path / "b.h5").read_bytes()
    for share in (0.2, 0.6, 0.95):
        (tmp_path / "c.h5").write_bytes(whole[: int(len(whole) * share)])
        assert "c.h5" in error(tmp_path / "c.h5")


def test_flipped_bytes_are_an_episode_error_or_other_values(tmp_path: Path) -> None:
    whole = write_franka(tmp_path / "a.h5", frames=1).read_bytes()
    rng = np.random.default_rng(3)
    for _ in range(60):
        body = bytearray(whole)
        for at in rng.integers(0, len(body), 20):
            body[at] ^= 0xFF
        path = tmp_path / "damaged.h5"
        path.write_bytes(body)
        with contextlib.suppress(EpisodeError):
            list(read_episodes(path, FRANKA))


def test_a_missing_file_is_not_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_episodes(tmp_path / "none.h5", FRANKA))


def test_values_in_other_files_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"0" * 64)
    path = write_franka(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        del file[f"{ACTIONS}/{BEGIN}"]
        file.create_dataset(
            f"{ACTIONS}/{BEGIN}", (1,), "f8", external=[(str(secret), 0, h5py.h5f.UNLIMITED)]
        )
    assert error(path) == f"a.h5: {ACTIONS}/{BEGIN}: its values are in other files"
    write_franka(tmp_path / "b.h5")
    layout = h5py.VirtualLayout((30,), "f8")
    layout[:] = h5py.VirtualSource(tmp_path / "c.h5", "x", shape=(30,))
    with h5py.File(path, "a") as file:
        del file[f"{ACTIONS}/{BEGIN}"]
        file.create_virtual_dataset(f"{ACTIONS}/{BEGIN}", layout)
    assert error(path) == f"a.h5: {ACTIONS}/{BEGIN}: its values are in other files"


def test_a_dataset_that_declares_too_much_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_franka(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        del file[f"{ACTIONS}/{BEGIN}"]
        file.create_dataset(f"{ACTIONS}/{BEGIN}", (2**40,), "f8", chunks=(1024,))
    found = error(path)
    assert f"{ACTIONS}/{BEGIN} has {2**43} bytes, at most {hdf5.MAX_BYTES}" in found
