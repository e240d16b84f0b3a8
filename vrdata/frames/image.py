"""Decode one picture."""

from __future__ import annotations

import numpy as np
from PIL import Image, UnidentifiedImageError

from vrdata.frames.pixels import Frame
from vrdata.frames.source import MediaError, Source

_Bomb = Image.DecompressionBombError
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")


def read_image(source: Source, size: tuple[int, int] | None = None) -> Frame:
    """[H, W, 3] RGB.

    Args:
        source: the file.
        size: height and width to scale it to; None = as it is.

    Raises:
        MediaError: it cannot be decoded.
        NotFoundError, StorageError, OSError: the file cannot be read.
    """
    opened = source.opened()
    try:
        with Image.open(opened, formats=_FORMATS) as image:
            picture = image.convert("RGB")
    except FileNotFoundError:
        raise MediaError(f"{source.name} does not exist", fix="restore it") from None
    except (_Bomb, UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise MediaError(
            f"{source.name} cannot be decoded", why=str(error), fix=f"use {', '.join(_FORMATS)}"
        ) from None
    if size is not None and picture.size != size[::-1]:
        picture = picture.resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(picture)
