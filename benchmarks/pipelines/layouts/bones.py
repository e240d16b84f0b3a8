"""X-rays of bones: teeth as COCO polygons (M-119), knees in HDF5 files (M-121)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from benchmarks.pipelines.formats.hdf5 import Group, hdf5
from benchmarks.pipelines.pictures import picture, save

TEETH = ("canine", "central incisor", "first molar")
SPLITS = ("test", "train", "valid")


def teeth(folder: Path, items: int) -> None:
    """Pictures of three splits, and polygons of three teeth for each."""
    for at, split in enumerate(SPLITS):
        place = folder / "Secondpart_extracted" / split
        images, annotations = [], []
        for item in range(at, items, len(SPLITS)):
            name = f"{item:03}.jpg"
            save(picture(item, 128, 64), place / "imgs" / name)
            images.append({"id": item, "file_name": name, "width": 128, "height": 64})
            annotations += [_tooth(item, tooth) for tooth in range(len(TEETH))]
        categories = [{"id": tooth, "name": name} for tooth, name in enumerate(TEETH)]
        document = {"images": images, "annotations": annotations, "categories": categories}
        place.mkdir(parents=True, exist_ok=True)
        (place / "_annotations.coco.json").write_text(json.dumps(document))


def _tooth(item: int, tooth: int) -> dict[str, object]:
    left, top = 10 + 40 * tooth + item % 5, 15 + item % 7
    polygon = [left, top, left + 20, top, left + 20, top + 25, left, top + 25]
    return {"image_id": item, "category_id": tooth, "segmentation": [polygon]}


def knees(folder: Path, items: int) -> None:
    """A file for each picture: values, two boxes, and two grades, as deepdish stores lists."""
    folder.mkdir(parents=True, exist_ok=True)
    for item in range(items):
        boxes = [[10 + item, 20, 45, 60], [60, 20, 90, 60]]
        grades = {"i0": item % 5, "i1": (item + 2) % 5}
        members: dict[str, Group | np.ndarray] = {
            "images": picture(item, 100, 80).astype(float),
            "gt_boxes": Group({f"i{at}": _listed(box) for at, box in enumerate(boxes)}),
            "gt_classes": Group(attributes=grades),
        }
        root = Group(members, {"origin_im": f"knee{item:05}".encode()})
        (folder / f"{item:05}.h5").write_bytes(hdf5(root))


def _listed(values: list[int]) -> Group:
    return Group(attributes={f"i{at}": float(value) for at, value in enumerate(values)})
