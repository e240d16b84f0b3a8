"""Our PNG encoder against Pillow's default: CPU and size, one figure for each picture."""

from __future__ import annotations

import io
import statistics
from collections.abc import Iterator

from PIL import Image

from benchmarks.encoders.frames import flat_pictures, noisy_picture
from benchmarks.measure import Goal, Options, Row, cpu_seconds, interleaved, ratios
from vrdata_child.patches import redirect

TIMES = 5  # encodings in one measurement
SPEED = Goal(8.0, at_least=True)
NOISY_SPEED = Goal(3.0, at_least=True)
SIZE = Goal(1.10, at_least=False)


def rows(options: Options) -> Iterator[Row]:
    """Speed and size over six drawings, and on a noisy picture."""
    speeds, sizes = zip(
        *(_compared(image, options.repeats) for _, image in flat_pictures()), strict=True
    )
    yield Row("png.speed", "Pillow's CPU / ours, six drawings", SPEED, speeds)
    yield Row("png.size", "our bytes / Pillow's, six drawings", SIZE, sizes)
    speed, size = _compared(noisy_picture(), options.repeats)
    yield Row("png.speed.noise", "Pillow's CPU / ours, noise", NOISY_SPEED, (speed,))
    yield Row("png.size.noise", "our bytes / Pillow's, noise", SIZE, (size,))


def _compared(image: Image.Image, repeats: int) -> tuple[float, float]:
    """Median of Pillow's CPU over ours, and our bytes over Pillow's."""
    rounds = interleaved(
        repeats,
        lambda: cpu_seconds(lambda: [_pillow(image) for _ in range(TIMES)]),
        lambda: cpu_seconds(lambda: [_own(image) for _ in range(TIMES)]),
    )
    return statistics.median(ratios(rounds)), len(_own(image)) / len(_pillow(image))


def _own(image: Image.Image) -> bytes:
    """As in a generator child with acceleration."""
    redirect.redirect_memory()
    Image.ENCODERS["zip"] = redirect.png_encoder  # type: ignore[assignment]
    try:
        return _pillow(image)
    finally:
        del Image.ENCODERS["zip"]


def _pillow(image: Image.Image) -> bytes:
    body = io.BytesIO()
    image.save(body, "PNG")
    return body.getvalue()
