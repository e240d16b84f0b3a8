"""Windows as tensors: batches, devices, processes, and an epoch that goes on where it stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.timeseries.episodes import episode
from support.tools import missing
from vrdata.errors import InvalidInputError, UsageError
from vrdata.timeseries.table.writing import write_table

pytestmark = pytest.mark.torch

try:
    import torch

    from vrdata.timeseries import torch as windows
except ImportError:
    torch = windows = None  # type: ignore[assignment]

EPISODES = 23


@pytest.fixture(autouse=True)
def _needs_torch() -> None:
    if torch is None:
        missing("PyTorch is not installed: make test-torch")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of some episodes, without images and videos."""
    path = tmp_path_factory.mktemp("table") / "data.parquet"
    write_table(path, (episode(seed) for seed in range(EPISODES)))
    return path


def dataset(table: Path, **options: Any) -> Any:
    """Windows of a tenth of a second, on the CPU."""
    options = {"device": "cpu"} | options
    return windows.TimeSeriesParquetDataset(table, 0.1, 0.1, **options)


def ids(batch: dict[str, Any]) -> list[tuple[float, ...]]:
    """What identifies the windows of a batch: their first actions."""
    return [tuple(window[0].tolist()) for window in batch["actions"]]


def test_a_batch_has_tensors_with_masks_and_padded_texts(table: Path) -> None:
    batch = next(iter(dataset(table).loader(4, shuffle=False)))
    assert batch["actions"].shape == (4, 10, 3)
    assert batch["actions"].dtype == torch.float32
    assert batch["actions_mask"].shape == (4, 10)
    assert batch["observations"].shape == (4, 5, 7)
    assert batch["text"]["input_ids"].shape == batch["text"]["attention_mask"].shape == (4, 4)


def test_tensors_equal_the_arrays(table: Path) -> None:
    one = dataset(table)
    for index in range(len(one)):
        arrays, tensors = one.windows[index], one[index]
        assert arrays.keys() == tensors.keys()
        np.testing.assert_array_equal(arrays["actions"], tensors["actions"].numpy())


def test_another_tokenizer_is_used(table: Path) -> None:
    class Letters:
        pad_token_id = 9

        def __call__(self, text: list[str], **_: object) -> dict[str, Any]:
            rows = [[ord(letter) for letter in one] for one in text]
            return {"input_ids": np.array(rows), "attention_mask": np.ones_like(rows)}

    batch = next(iter(dataset(table, tokenizer=Letters()).loader(12, shuffle=False)))
    assert batch["text"]["input_ids"][0].tolist() == [*map(ord, "task 0"), 9]
    assert batch["text"]["attention_mask"][0].tolist() == [1] * 6 + [0]
    assert batch["text"]["input_ids"][11].tolist() == [*map(ord, "task 11")]


def test_batches_are_moved_to_the_device_and_items_are_not(table: Path) -> None:
    one = dataset(table, device="meta")
    assert one[0]["actions"].device.type == "cpu"
    batch = next(iter(one.loader(2, num_workers=1)))
    assert batch["actions"].device.type == batch["text"]["input_ids"].device.type == "meta"


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted"), [(True, True, "cuda:0"), (False, True, "mps"), (False, False, "cpu")]
)
def test_the_device_is_cuda_then_mps_then_the_cpu(
    cuda: bool, mps: bool, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert windows.choose_device() == torch.device(wanted)


@pytest.mark.filterwarnings("ignore:This DataLoader will create 3 worker processes")
@pytest.mark.parametrize(("workers", "mixed"), [(0, 0), (1, 0), (3, 0), (1, 2)])
def test_interrupted_at_each_batch_it_gives_the_epoch_of_an_undisturbed_run(
    table: Path, tmp_path: Path, workers: int, mixed: int
) -> None:
    order = {"seed": 1, "mixed_groups": mixed}
    undisturbed = [ids(batch) for batch in dataset(table).loader(4, **order)]
    assert sorted(chain(*undisturbed)) == sorted(ids(dataset(table).collate([*dataset(table)])))
    for stop in range(len(undisturbed)):
        path = tmp_path / f"{stop}.json"
        one = dataset(table, checkpoint_path=path)
        loader = one.loader(4, num_workers=workers, **order)
        batches, got = iter(loader), []
        for _ in range(stop):
            got.append(ids(next(batches)))
            loader.save()
        again = dataset(table, checkpoint_path=path).loader(4, num_workers=workers, **order)
        assert len(again) == len(undisturbed) - stop
        assert got + [ids(batch) for batch in again] == undisturbed


def test_a_checkpoint_of_other_data_is_refused(table: Path, tmp_path: Path) -> None:
    path = tmp_path / "at.json"
    dataset(table, checkpoint_path=path).loader(4).save()
    other = tmp_path / "other.parquet"
    write_table(other, (episode(seed + 1) for seed in range(EPISODES)))
    with pytest.raises(InvalidInputError, match="fingerprint"):
        dataset(other, checkpoint_path=path).loader(4)


def test_random_starts_are_others_in_each_epoch_and_equal_in_a_repeated_one(
    table: Path, tmp_path: Path
) -> None:
    def loader() -> Any:
        options = windows.WindowOptions(start="random", media=False)
        one = dataset(table, options=options, checkpoint_path=tmp_path / "at.json")
        return one.loader(EPISODES, shuffle=False, num_workers=1)

    def epoch(loader: Any) -> list[tuple[float, ...]]:
        (batch,) = loader
        return ids(batch)

    one = loader()
    first = epoch(one)
    one.save()
    second = epoch(one)
    assert first != second
    assert epoch(loader()) == second


def test_workers_that_live_on_are_refused_with_random_starts(table: Path) -> None:
    one = dataset(table, options=windows.WindowOptions(start="random"))
    with pytest.raises(UsageError, match="persistent_workers"):
        one.loader(4, num_workers=1, persistent_workers=True)


def test_windows_of_other_rates_are_padded_to_one_length(tmp_path: Path) -> None:
    path = tmp_path / "two.parquet"
    one = episode(1)
    slow = replace(one, actions_timestamps=np.arange(len(one.actions)) * 20_000_000)
    write_table(path, [one, slow])
    (batch,) = dataset(path).loader(2, shuffle=False)
    assert batch["actions_mask"].tolist() == [[True] * 10, [True] * 5 + [False] * 5]
    assert not batch["actions"][1, 5:].any()


DISTRIBUTED = """
import json, sys
import torch.distributed as distributed
from vrdata.timeseries.torch import TimeSeriesParquetDataset

table, meeting, checkpoint, rank, ranks, batches = sys.argv[1:]
distributed.init_process_group(
    "gloo", init_method=f"file://{meeting}", rank=int(rank), world_size=int(ranks)
)
data = TimeSeriesParquetDataset(table, 0.1, 0.1, checkpoint_path=checkpoint, device="cpu")
loader = data.loader(3, seed=1)
taken = []
for number, batch in enumerate(loader):
    if number == int(batches):
        break
    taken += [window[0].tolist() for window in batch["actions"]]
    distributed.barrier()  # no rank is ahead when the position is written
    loader.save()
distributed.barrier()
distributed.destroy_process_group()
print(json.dumps(taken))
"""


def trained(table: Path, folder: Path, ranks: int, batches: int) -> list[tuple[float, ...]]:
    """What some processes take from an epoch, until each had a number of batches."""
    meeting, checkpoint = folder / f"meeting-{ranks}", folder / "at.json"
    processes = [
        subprocess.Popen(
            [
                *(sys.executable, "-c", DISTRIBUTED, table, meeting, checkpoint),
                *map(str, (rank, ranks, batches)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(ranks)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * ranks
    return [tuple(one) for output in outputs for one in json.loads(output.splitlines()[-1])]


def test_two_processes_share_an_epoch_and_one_goes_on(table: Path, tmp_path: Path) -> None:
    everything = ids(dataset(table).collate([*dataset(table)]))
    shared = trained(table, tmp_path, 2, 2)
    assert len(shared) == len(set(shared)) == 2 * 2 * 3
    alone = trained(table, tmp_path, 1, 1000)
    assert sorted(shared + alone) == sorted(everything)
