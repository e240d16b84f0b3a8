"""Sequences with their pictures as a PyTorch dataset."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from support.frames.clips import sequential, write_clip
from support.tools import missing
from vrdata.errors import UsageError
from vrdata.frames.source import MediaError

pytestmark = pytest.mark.torch

try:
    import torch
    from torch.utils.data import DataLoader, DistributedSampler

    from vrdata.desktop.torch import VLMDatasetBuilder
except ImportError:
    torch = None  # type: ignore[assignment]

FRAMES, RATE, LENGTH = 40, 20, 6


@pytest.fixture(autouse=True)
def _needs_torch() -> None:
    if torch is None:
        missing("PyTorch is not installed: make test-torch")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings' videos."""
    path = tmp_path_factory.mktemp("recordings")
    write_clip(path / "a", FRAMES, "h264-open", RATE)
    write_clip(path / "b", FRAMES, "h264", RATE)
    return path


def rows(folder: Path) -> list[dict[str, Any]]:
    """Sequences of six pictures that overlap by half."""
    return [
        {
            "instruction": f"do {name}",
            "encoded_events": [f"<EVENT_START>{first}<EVENT_END>"],
            "image_refs": [
                {"path": f"{name}.{ending}", "pts": frame * 10**9 // RATE, "bin_idx": frame}
                for frame in range(first, first + LENGTH)
            ],
            "metadata": {"file_path": str(folder / f"{name}.mcap"), "first": first},
        }
        for name, ending in (("a", "mkv"), ("b", "mp4"))
        for first in range(0, FRAMES - LENGTH, LENGTH // 2)
    ]


@pytest.fixture(scope="module")
def truth(folder: Path) -> dict[str, list[np.ndarray]]:
    """All frames of the videos, decoded one after the other."""
    return {name[0]: sequential(folder / name) for name in ("a.mkv", "b.mp4")}


def expected(item: dict[str, Any], truth: dict[str, list[np.ndarray]]) -> np.ndarray:
    """The right pictures of an item."""
    name, first = Path(item["metadata"]["file_path"]).stem, item["metadata"]["first"]
    return np.stack(truth[name][first : first + LENGTH])


def test_pictures_are_rgb_images_by_default(folder: Path, truth: Any) -> None:
    builder = VLMDatasetBuilder(rows(folder))
    assert len(builder) == 24
    for index in (17, 3, 4, -1):
        item = builder[index]
        assert list(item) == ["instruction", "encoded_events", "images", "metadata"]
        assert all(isinstance(one, Image.Image) and one.mode == "RGB" for one in item["images"])
        np.testing.assert_array_equal(np.stack(item["images"]), expected(item, truth))


def test_tensors_are_floats_from_zero_to_one_with_channels_first(folder: Path, truth: Any) -> None:
    item = VLMDatasetBuilder(rows(folder), "tensor")[2]
    pictures = torch.stack(item["images"])
    assert pictures.dtype == torch.float32
    want = torch.from_numpy(expected(item, truth)).movedim(-1, 1).float() / 255
    assert torch.equal(pictures, want)


def test_arrays_can_be_changed_without_changing_what_is_kept(folder: Path, truth: Any) -> None:
    builder = VLMDatasetBuilder(rows(folder), "numpy", cache_images=True)
    for _ in range(2):
        item = builder[5]
        np.testing.assert_array_equal(np.stack(item["images"]), expected(item, truth))
        for picture in item["images"]:
            picture[:] = 0
    assert builder.cache_info.hits == LENGTH


def test_nothing_is_kept_without_a_cache(folder: Path) -> None:
    builder = VLMDatasetBuilder(rows(folder))
    for _ in range(2):
        builder[0]
    assert (builder.cache_info.items, builder.cache_info.bytes, builder.cache_info.hits) == (
        0,
        0,
        0,
    )


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_gives_every_sequence_once_with_its_own_pictures(
    folder: Path, truth: Any, workers: int
) -> None:
    builder = VLMDatasetBuilder(rows(folder), "numpy", cache_images=True, max_cache_size=7)
    builder[0]  # the workers must not use the open files of this process
    loader = DataLoader(
        builder, batch_size=5, shuffle=True, collate_fn=builder.collate, num_workers=workers
    )
    seen = []
    for batch in loader:
        assert list(batch) == ["instruction", "encoded_events", "images", "metadata"]
        for metadata, images in zip(batch["metadata"], batch["images"], strict=True):
            np.testing.assert_array_equal(np.stack(images), expected({"metadata": metadata}, truth))
            seen.append((metadata["file_path"], metadata["first"]))
    assert len(seen) == len(set(seen)) == len(builder)


def test_the_processes_of_a_distributed_sampler_share_the_sequences(folder: Path) -> None:
    builder = VLMDatasetBuilder(rows(folder))
    parts = []
    for rank in range(3):
        sampler = DistributedSampler(builder, num_replicas=3, rank=rank, shuffle=True, seed=1)
        loader = DataLoader(builder, batch_size=4, sampler=sampler, collate_fn=builder.collate)
        parts.append({(m["file_path"], m["first"]) for b in loader for m in b["metadata"]})
    assert [len(part) for part in parts] == [8, 8, 8]
    assert len(set().union(*parts)) == 24


def test_a_pickled_dataset_opens_its_own_files(folder: Path, truth: Any) -> None:
    builder = VLMDatasetBuilder(rows(folder), cache_images=True)
    builder[0]
    copy = pickle.loads(pickle.dumps(builder))  # noqa: S301 - our own
    np.testing.assert_array_equal(np.stack(copy[7]["images"]), expected(copy[7], truth))


def test_references_as_columns_are_rows_too(folder: Path, truth: Any) -> None:
    row = rows(folder)[1]
    refs = row["image_refs"]
    row["image_refs"] = {name: [one[name] for one in refs] for name in refs[0]}
    item = VLMDatasetBuilder([row])[0]
    np.testing.assert_array_equal(np.stack(item["images"]), expected(item, truth))


def test_a_picture_that_is_missing_is_an_error_or_a_warning(folder: Path) -> None:
    row = rows(folder)[0]
    row["image_refs"][2]["path"] = "gone.mkv"
    with pytest.raises(MediaError, match=r"gone\.mkv does not exist"):
        VLMDatasetBuilder([row])[0]
    with pytest.warns(RuntimeWarning, match=r"gone\.mkv does not exist"):
        assert len(VLMDatasetBuilder([row], on_missing="skip")[0]["images"]) == LENGTH - 1


def test_what_cannot_be_used_is_refused_at_once(folder: Path) -> None:
    with pytest.raises(UsageError, match="use one of pil, tensor, numpy"):
        VLMDatasetBuilder(rows(folder), "jpeg")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r'such as dataset\["train"\]'):
        VLMDatasetBuilder({"train": rows(folder)})  # type: ignore[arg-type]


def test_a_split_of_a_stored_dataset_is_read(folder: Path, truth: Any) -> None:
    import datasets

    builder = VLMDatasetBuilder(datasets.Dataset.from_list(rows(folder)))
    for index in (0, 20):
        item = builder[index]
        np.testing.assert_array_equal(np.stack(item["images"]), expected(item, truth))
    with pytest.raises(UsageError, match="no column encoded_events, image_refs"):
        VLMDatasetBuilder(datasets.Dataset.from_list([{"instruction": ""}]))
