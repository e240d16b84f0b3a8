"""Memory of pixels is used again, but never while somebody holds it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vrdata.frames import buffers
from vrdata.frames.buffers import Buffers

SHAPE = (300, 400, 3)


def address(array: Any) -> int:
    return int(np.asarray(array).__array_interface__["data"][0])


def test_memory_that_nobody_holds_is_used_again() -> None:
    given = Buffers()
    first = given.take(SHAPE)
    place = address(first)
    assert address(given.take(SHAPE)) != place
    del first
    assert address(given.take(SHAPE)) == place
    assert address(given.take((SHAPE[1], SHAPE[0], 3))) == place  # of the same size


@pytest.mark.parametrize(
    "hold",
    [
        lambda array: array,
        lambda array: array[1:, ::2],
        lambda array: array.transpose(2, 0, 1)[0],
        lambda array: memoryview(array)[3:],
        lambda array: Image.frombuffer("L", (SHAPE[1] * 3, SHAPE[0]), array, "raw", "L", 0, 1),
        iter,
    ],
)
def test_memory_that_is_held_in_any_way_is_not_used_again(hold: Any) -> None:
    given = Buffers()
    array = given.take(SHAPE)
    place, held = address(array), hold(array)
    del array
    assert address(given.take(SHAPE)) != place
    del held
    assert address(given.take(SHAPE)) == place


def test_contents_never_change_while_they_are_held() -> None:
    given, draw = Buffers(), random.Random(0)  # noqa: S311 - reproducible
    held: list[tuple[int, Any]] = []
    places = set()
    for number in range(300):
        array = given.take(SHAPE)
        places.add(address(array))
        array[:] = number % 251
        held.append((number % 251, draw.choice((array, array[5:], array[..., 0]))))
        del array
        while len(held) > 8:
            held.pop(draw.randrange(len(held)))
        assert all((one == value).all() for value, one in held)
    assert len(places) < 20


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    size = int(np.prod(SHAPE))
    monkeypatch.setattr(buffers, "_LIMIT", 3 * size)
    given = Buffers()
    held = [given.take(SHAPE) for _ in range(9)]
    assert len({address(one) for one in held}) == 9
    assert len(given._kept) == 3
    assert given._size == 3 * size
