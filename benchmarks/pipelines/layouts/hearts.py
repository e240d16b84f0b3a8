"""Videos of hearts: in one archive that is read by parts (M-125), with traces (M-126)."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from pathlib import Path

from benchmarks.pipelines.formats.archives import add_member
from benchmarks.pipelines.formats.videos import write_video
from benchmarks.pipelines.pictures import frames

FRAMES = 24
COLUMNS = ("HashedFileName", "Calc", "CalcValue", "Frame", "X1", "X2", "Y1", "Y2")
MORE_COLUMNS = ("Frames", "FPS", "Width", "Height", "split")
MEASURES = {"LVIDd": 2, "LVIDs": 9, "IVSd": 2, "LVPWd": 2}  # with the frame of each


def measured(folder: Path, items: int) -> None:
    """An archive of videos, and a table of four measures for each."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        zipfile.ZipFile(folder / "EchoNet-LVH.zip", "w") as archive,
    ):
        table = io.StringIO()
        rows = csv.writer(table)
        rows.writerow((*COLUMNS, *MORE_COLUMNS))
        for item in range(items):
            name = f"0X{item:016X}"
            video = Path(scratch) / "one.avi"
            write_video(frames(item, FRAMES), video, 30)
            member = f"EchoNet-LVH/Batch{item % 4 + 1}/{name}.avi"
            add_member(archive, member, video.read_bytes())
            for at, (measure, frame) in enumerate(MEASURES.items()):
                line = (20, 30, 25, 40, FRAMES, 30, 96, 72, "train")
                rows.writerow((name, measure, 1.5 + at + item / 10, frame, *line))
        add_member(archive, "EchoNet-LVH/MeasurementsList.csv", table.getvalue().encode())


def traced(folder: Path, items: int) -> None:
    """Videos of two views, and a table of lines in two frames of each."""
    root = folder / "echonetpediatric" / "pediatric_echo_avi" / "pediatric_echo_avi"
    views = {"A4C": range((items + 1) // 2), "PSAX": range((items + 1) // 2, items)}
    for view, numbers in views.items():
        (root / view).mkdir(parents=True, exist_ok=True)
        with (root / view / "VolumeTracings.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("FileName", "X1", "Y1", "X2", "Y2", "Frame"))
            for item in numbers:
                name = f"CR{item:08X}.avi"
                write_video(frames(item, FRAMES), root / view / "Videos" / name, 30)
                for frame in (3, 12):
                    for line in range(5):
                        top = 15 + 8 * line
                        rows.writerow((name, 30 + line, top, 60 + frame - line, top, frame))
