"""Video frames, generated one at a time from a picture that depends on time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PIL import Image


class Timeline:
    """Iterates over pictures of the moments from 0 to 1; keeps no frame.

    Args:
        picture: the picture at a moment from 0 to 1 inclusive.
        moving: number of steps from the first moment to the last.
        hold: number of extra frames of the first and of the last moment.
    """

    def __init__(self, picture: Callable[[float], Image.Image], moving: int, hold: int = 4) -> None:
        self._picture, self._moving, self._hold = picture, moving, hold

    def __len__(self) -> int:
        return self._moving + 1 + 2 * self._hold

    def __iter__(self) -> Iterator[Image.Image]:
        yield from self._still(0.0)
        for number in range(self._moving + 1):
            yield self._picture(number / self._moving)
        yield from self._still(1.0)

    def _still(self, moment: float) -> Iterator[Image.Image]:
        picture = self._picture(moment)
        for _ in range(self._hold):
            yield picture
