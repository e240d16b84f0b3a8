"""The media of an episode as sources of frames."""

from __future__ import annotations

import io
from collections.abc import Hashable

from vrdata.frames.source import Source
from vrdata.timeseries.table.episode import Media
from vrdata.timeseries.table.places import Place


def source_of(media: Media, place: Place, key: Hashable) -> Source:
    """The source of media.

    Args:
        media: with its bytes, if the table has them.
        place: the table.
        key: of embedded bytes.
    """
    if media.data:
        data = media.data
        return Source(key, media.path or f"{place}: embedded media", lambda: io.BytesIO(data))
    file = place.beside(media.path)
    return Source(str(file), str(file), file.open if file.stored else lambda: str(file))
