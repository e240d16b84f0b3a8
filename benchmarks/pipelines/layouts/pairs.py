"""Pictures with masks: ultrasound (M-113, M-127), retinas (M-114), optic discs (M-116)."""

from __future__ import annotations

from pathlib import Path

from benchmarks.pipelines.pictures import mask, picture, save

FUNDUS = "FIVES A Fundus Image Dataset for AI-based Vessel Segmentation"


def breasts(folder: Path, items: int) -> None:
    """Pictures and masks in two folders below one whose name has a space."""
    root = folder / "BUS-UCLM Breast ultrasound lesion segmentation dataset" / "BUS-UCLM"
    for item in range(items):
        name = f"case_{item:03}.png"
        save(picture(item), root / "images" / name)
        save(mask(item), root / "masks" / name)


def retinas(folder: Path, items: int) -> None:
    """An archive that was unpacked: a third of the pictures in one split, the rest in the other."""
    archive = folder / "_archive" / "34969398"
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.write_bytes(b"Rar!\x1a\x07\x01\0 not read, because the archive is unpacked already")
    for item in range(items):
        split, name = "test" if item < items // 3 else "train", f"{item + 1}_{'ADGN'[item % 4]}.png"
        save(picture(item, 96, 96), folder / "_extracted" / FUNDUS / split / "Original" / name)
        place = folder / "_extracted" / FUNDUS / split / "Ground truth"
        save(mask(item, 96, 96), place / name)


def discs(folder: Path, items: int) -> None:
    """Pictures of two classes, and for each a dark mask of the disc and one of the cup."""
    masks = folder / "data" / "segmentations" / "RIM-ONE_DL_reference_segmentations"
    images = folder / "data" / "images" / "RIM-ONE_DL_images" / "partitioned_randomly"
    for item in range(items):
        kind, name = ("glaucoma", "normal")[item % 2], f"r1_Im{item + 1:03}"
        save(picture(item), images / "training_set" / kind / f"{name}.png")
        disc = mask(item)
        save(~disc, masks / kind / f"{name}-1-Disc-T.png")
        save(~(disc & mask(item, part=1)), masks / kind / f"{name}-1-Cup-T.png")


def thyroids(folder: Path, items: int) -> None:
    """Pictures and masks of two splits in four folders."""
    for item in range(items):
        split, name = "test" if item % 3 == 1 else "trainval", f"{item:04}.jpg"
        save(picture(item), folder / f"{split}-image" / name)
        save(mask(item), folder / f"{split}-mask" / name)
