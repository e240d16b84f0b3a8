"""The text of a task in an HDF5 file."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from vrdata_generators.episodes.hdf5 import Place, reading
from vrdata_generators.episodes.mapping import TextPlace
from vrdata_generators.episodes.recording import EpisodeError

MAX_CHARACTERS = 100_000


def read_text(group: Place, where: TextPlace) -> str:
    """The text that the data has, never a key.

    A group stands for the only text in it: that of a dataset, else that of an attribute.

    Raises:
        EpisodeError: there is no text, or more than one.
    """
    if where.constant:
        return where.constant
    place = group.find(where.path)
    if where.attribute:
        return _attribute(place, where.attribute)
    if not place.is_group:
        return _decoded(place.read(), str(place))
    return _only(place)


def _only(group: Place) -> str:
    """The text of the only dataset or attribute with one."""
    with reading(str(group)):
        inside = [group.find(name) for name in sorted(group.names())]
        texts = [one for one in inside if isinstance(one.node, h5py.Dataset) and _is_text(one)]
        attributes = sorted(group.node.attrs)
    found = [one.path for one in texts] or [f"attribute {name}" for name in attributes]
    if len(found) != 1:
        what = f"several texts: {', '.join(found[:5])}" if found else "no text"
        raise EpisodeError(f"{group} has {what}; name the dataset or attribute in the map")
    return _decoded(texts[0].read(), str(texts[0])) if texts else _attribute(group, attributes[0])


def _is_text(place: Place) -> bool:
    kind = place.node.dtype
    return h5py.check_string_dtype(kind) is not None or kind.kind == "S"


def _attribute(place: Place, name: str) -> str:
    with reading(f"{place} attribute {name}"):
        if name not in place.node.attrs:
            raise EpisodeError(f"{place} has no attribute {name}")
        return _decoded(place.node.attrs[name], f"{place} attribute {name}")


def _decoded(value: Any, where: str) -> str:
    array = np.asarray(value)
    if array.size != 1:
        raise EpisodeError(f"{where} has {array.size} values, not one text")
    text = array.reshape(-1)[0]
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise EpisodeError(f"{where} is not UTF-8: {error.reason}") from None
    if not isinstance(text, str):
        raise EpisodeError(f"{where} is not a text but {type(text).__name__}")
    if not text.strip() or len(text) > MAX_CHARACTERS:
        raise EpisodeError(f"{where} has {len(text)} characters of text")
    return text
