"""A pickle of the former class is read; one that does something else is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.timeseries.sampling.pickled import LARGEST, read_pickled_checkpoint

FORMER = {
    "dataloader_index": 3,
    "rng_state": np.random.RandomState(1).get_state(),
    "torch_rng_state": list(range(5056)),
}


class Evil:
    """Runs a command when it is read."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (str(self.target),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_number_of_batches_that_were_done_is_read(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "dataloader_ckpt.pkl"
    path.write_bytes(pickle.dumps(FORMER, protocol))
    assert read_pickled_checkpoint(path) == 4


def test_code_of_the_file_is_not_run(tmp_path: Path) -> None:
    path, target = tmp_path / "dataloader_ckpt.pkl", tmp_path / "touched"
    path.write_bytes(pickle.dumps(FORMER | {"rng_state": Evil(target)}))
    with pytest.raises(InvalidInputError) as caught:
        read_pickled_checkpoint(path)
    assert "is refused" in caught.value.why
    assert not target.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04",
        b"no pickle",
        b"\x80\x02}r\xff\xff\xff\xff.",  # a table of 2^32 objects
        b"\x80\x05\x96\x00\x00\x00\x00\x00\x01\x00\x00.",  # a terabyte
        pickle.dumps({}),
        pickle.dumps([1]),
        pickle.dumps({"dataloader_index": True}),
        pickle.dumps({"dataloader_index": -1}),
        pickle.dumps({"dataloader_index": 1, "more": 2}),
        b"\0" * (LARGEST + 1),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "dataloader_ckpt.pkl"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="not a checkpoint"):
        read_pickled_checkpoint(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_pickled_checkpoint(tmp_path / "none.pkl")
