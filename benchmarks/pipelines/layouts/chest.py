"""Chest X-rays: with boxes (M-100), with questions (M-102), with compressed masks (M-122)."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from benchmarks.pipelines.formats.rle import compressed, run_lengths
from benchmarks.pipelines.pictures import mask, picture, save

FINDINGS = ("Cardiomegaly", "Nodule/Mass", "Pleural effusion", "No finding")
LEAST_PICTURES = 100  # fewer count as a download that is not complete


def boxes(folder: Path, items: int) -> None:
    """A table of boxes by picture, and the pictures; every fourth picture has no finding."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = ("image_id", "class_name", "class_id", "rad_id", "x_min", "y_min", "x_max", "y_max")
    with (folder / "train.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(columns)
        for item in range(items):
            name, finding = f"{item:032x}", item % len(FINDINGS)
            box = (8 + item % 9, 10, 50, 40 + item % 7) if finding < 3 else ("", "", "", "")
            table.writerow((name, FINDINGS[finding], finding, f"R{item % 5}", *box))
            save(picture(item, 64, 64), folder / "train" / f"{name}.png")


def reports(folder: Path, items: int) -> None:
    """Questions of a report in one file for each report, and at least 100 pictures."""
    labels = folder / "radrestruct_labels" / "data" / "radrestruct"
    names = {str(item + 1): [f"CXR{item + 1}_IM-{item:04}-1001"] for item in range(items)}
    for report, (name, *_) in names.items():
        item = int(report)
        split = ("train", "val", "test")[item * 3 // (items + 1)]
        _write_json(labels / f"{split}_qa_pairs" / f"{report}.json", _questions(item))
        save(picture(item, 48, 56), folder / "openi_images" / f"{name}.png")
    _write_json(labels / "id_to_img_mapping_frontal_reports.json", names)
    for spare in range(items, LEAST_PICTURES):
        save(picture(spare, 8, 8), folder / "openi_images" / f"CXR{spare + 1}_IM-spare.png")


def _questions(item: int) -> list[object]:
    answers: tuple[list[str], ...] = (["yes"], ["no"], ["left lung", "upper lobe"], [])
    return [
        [f"Is there a sign {at} in the lung?", answers[(item + at) % 4], {}, {"path": f"sign/{at}"}]
        for at in range(3)
    ]


def masks(folder: Path, items: int) -> None:
    """Two findings in each picture; a third one has an empty mask, which is skipped."""
    tables: dict[str, dict[str, object]] = {"val": {}, "test": {}}
    for picture_number in range((items + 1) // 2):
        split = "val" if picture_number % 2 == 0 else "test"
        key = f"patient{picture_number:05}_study1_view1_frontal"
        findings = range(2 if 2 * picture_number + 1 < items else 1)
        found = {FINDINGS[at]: _mask(picture_number, at) for at in findings}
        tables[split][key] = {**found, "Edema": {"size": [72, 96], "counts": compressed([72 * 96])}}
        place = folder / "chexlocalize" / "CheXpert" / split / key.partition("_")[0] / "study1"
        save(picture(picture_number)[..., 0], place / "view1_frontal.jpg")
    for split, table in tables.items():
        name = f"gt_segmentations_{split}.json"
        _write_json(folder / "chexlocalize" / "CheXlocalize" / name, table)


def _mask(item: int, part: int) -> dict[str, object]:
    return {"size": [72, 96], "counts": compressed(run_lengths(mask(item, part=part)))}


def _write_json(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
