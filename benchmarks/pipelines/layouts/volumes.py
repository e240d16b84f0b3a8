"""Volumes: an abdomen (M-111), a head and neck (M-112), knees in an archive (M-123)."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from benchmarks.pipelines.formats.archives import add_member
from benchmarks.pipelines.formats.volumes import write_nifti, write_nrrd
from benchmarks.pipelines.pictures import mask, picture

SLICES = 4
ORGANS = ("Brainstem", "Parotid_L", "SpinalCord")
VIEWS = ("axial", "coronal", "sagittal")
QUESTIONS = ("abnormal", "acl", "meniscus")


def abdomens(folder: Path, items: int) -> None:
    """A compressed NIfTI volume and its labels 1 to 13 for each item."""
    root = folder / "FLARE22Train"
    for item in range(items):
        name = f"FLARE22_Tr_{item + 1:04}"
        labels = np.zeros((64, 64, SLICES), np.uint8)
        for organ in range(1, 14):
            labels[mask(item, 64, 64, organ).T, 1:] = organ
        write_nifti(_scan(item), root / "images" / f"{name}_0000.nii.gz")
        write_nifti(labels, root / "labels" / f"{name}.nii.gz")


def necks(folder: Path, items: int) -> None:
    """An NRRD volume, and a mask of each organ, in a folder for each item."""
    for item in range(items):
        name = f"case_{item + 1:02}"
        place = folder / "HaN-Seg" / "set_1" / name
        write_nrrd(_scan(item), place / f"{name}_IMG_CT.nrrd")
        for part, organ in enumerate(ORGANS):
            values = np.repeat(mask(item, 64, 64, part).T[..., None], SLICES, axis=2)
            write_nrrd(values.astype(np.uint8), place / f"{name}_OAR_{organ}.seg.nrrd")


def _scan(item: int) -> np.ndarray:
    """Int16 values of (x, y, z) as of a CT scanner."""
    flat = picture(item, 64, 64)[..., 0].T.astype(np.int16) * 2 - 160
    return np.stack([flat + 10 * at for at in range(SLICES)], axis=2)


def knees(folder: Path, items: int) -> None:
    """An archive with a volume of each view for each item, and three tables of answers."""
    path = folder / "mrnetkneemris" / "MRNet-v1.0.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        splits = {"train": range((items + 1) // 2), "valid": range((items + 1) // 2, items)}
        for split, numbers in splits.items():
            for item in numbers:
                for view, name in enumerate(VIEWS):
                    member = f"MRNet-v1.0/{split}/{name}/{item:04}.npy"
                    add_member(archive, member, _npy(10 * item + view))
            for bit, question in enumerate(QUESTIONS):
                lines = "".join(f"{item:04},{item >> bit & 1}\n" for item in numbers)
                add_member(archive, f"MRNet-v1.0/{split}-{question}.csv", lines.encode())


def _npy(item: int) -> bytes:
    data = io.BytesIO()
    np.save(data, np.stack([picture(item + at, 64, 64)[..., 0] for at in range(2)]))
    return data.getvalue()
