"""Image.blend of images that differ in a small box: blend the box, copy the rest."""

from __future__ import annotations

from PIL import Image, ImageChops

_FAST_MODES = frozenset({"RGB", "RGBA", "L"})
MAX_SHARE = 0.6  # share of the image above which blending all of it is faster


def install() -> None:
    """Patch Image.blend in this process."""
    original = Image.blend

    def blend(im1: Image.Image, im2: Image.Image, alpha: float) -> Image.Image:
        usable = im1.mode == im2.mode and im1.mode in _FAST_MODES and im1.size == im2.size
        if not usable or not 0.0 <= alpha <= 1.0:
            return original(im1, im2, alpha)
        box = ImageChops.difference(im1, im2).getbbox(alpha_only=False)
        if box is None:
            return im1.copy()
        if (box[2] - box[0]) * (box[3] - box[1]) > MAX_SHARE * im1.width * im1.height:
            return original(im1, im2, alpha)
        result = im1.copy()
        result.paste(original(im1.crop(box), im2.crop(box), alpha), box)
        return result

    Image.blend = blend
