"""The content hash of a sample, computed from its files: equal for duplicates."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from vrdata.dataset.manifest import SampleRecord

if TYPE_CHECKING:
    from PIL import Image

FRAMES = ("first_frame.png", "final_frame.png")
PROMPT = "prompt.txt"

# Modes that every version of Pillow converts to the same RGB pixels.
_PLAIN_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA"})


def pixel_hash(image: Image.Image) -> str:
    """Hex sha256 over the size and the RGB pixels; "" for a mode of more than 8 bits."""
    if image.mode not in _PLAIN_MODES:
        return ""
    image.info.pop("transparency", None)  # changes no pixel, and Pillow warns about it
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    digest = hashlib.sha256(f"{rgb.width}x{rgb.height}".encode())
    digest.update(rgb.tobytes())
    return digest.hexdigest()


def content_hash(first: str, final: str, prompt: bytes) -> str:
    """Hex sha256 over the pixel hashes of both frames ("" for a missing one) and the prompt.

    The generator child computes the same hash (worker/vrdata_child/sample/media.py).
    """
    return hashlib.sha256(f"{first}\n{final}\n".encode() + prompt).hexdigest()


class ContentCheck:
    """Takes files sample by sample and compares the content hash with the sample's record.

    Memory: one prompt and two hashes. A sample whose files are not adjacent is not compared.
    """

    def __init__(self) -> None:
        self._index = -1
        self._parts: dict[str, bytes] = {}

    def add(self, sample: SampleRecord, name: str, part: bytes) -> bool:
        """Add one file.

        Args:
            sample: the sample's record.
            name: the file's name.
            part: an image's pixel hash, or the prompt; empty when unknown.

        Returns:
            False when the sample is complete and its hash differs from its record.
        """
        if sample.index != self._index:
            self._index, self._parts = sample.index, {}
        if name not in (*FRAMES, PROMPT) or not part:
            return True
        self._parts[name] = part
        wanted = {file.name for file in sample.files}.intersection((*FRAMES, PROMPT))
        if not sample.content or self._parts.keys() != wanted:
            return True
        first, final = (self._parts.get(frame, b"").decode() for frame in FRAMES)
        return content_hash(first, final, self._parts.get(PROMPT, b"")) == sample.content
