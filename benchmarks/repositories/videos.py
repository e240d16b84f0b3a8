"""Compare the videos of equal samples, vrdata's and the repository's own, with the true frames."""

from __future__ import annotations

import hashlib
import math
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np

from benchmarks.repositories.ways import Repository, plain_run, samples_of, vrdata_run
from vrdata_child.sample.names import stored_name

RECORD = Path(__file__).with_name("record.py")
SAMPLES = 5
_LEAST_ERROR = 1e-6  # so that a lossless video has a PSNR


@dataclass
class Encoded:
    """Videos of one encoder.

    Attributes:
        size: bytes.
        squares: sums of squared errors of all values of the frames.
        values: how many values.
    """

    size: int = 0
    squares: float = 0.0
    values: int = 0

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio of the RGB frames, in dB."""
        return 10 * math.log10(255**2 / max(self.squares / self.values, _LEAST_ERROR))

    def add(self, path: Path, true: Path) -> None:
        """Count a video.

        Raises:
            ValueError: it has another number of frames than `true`.
        """
        self.size += path.stat().st_size
        with av.open(str(path)) as shown, av.open(str(true)) as originals:
            pairs = zip(shown.decode(video=0), originals.decode(video=0), strict=True)
            for frame, original in pairs:
                found = frame.to_ndarray(format="rgb24").astype(np.int32)
                self.squares += float(np.square(found - original.to_ndarray(format="rgb24")).sum())
                self.values += found.size


@dataclass
class Videos:
    """All videos of the samples of a repository, both ways."""

    ours: Encoded = field(default_factory=Encoded)
    plain: Encoded = field(default_factory=Encoded)


def compared(home: Path, repository: Repository) -> Videos | None:
    """Bytes and error of both ways; None for a repository without videos.

    Raises:
        ValueError: a video has another number of frames than its generator wrote.
        subprocess.CalledProcessError: a run failed.
    """
    videos = Videos()
    with (
        tempfile.TemporaryDirectory() as frames,
        plain_run(repository, SAMPLES, RECORD, FRAMES_FOLDER=frames) as (plain, _),
        vrdata_run(home, repository, SAMPLES, one_block=True, format="files") as (out, _),
    ):
        for theirs, ours in zip(samples_of(plain), samples_of(out), strict=True):
            for path in sorted(theirs.iterdir()):
                true = Path(frames) / hashlib.sha256(path.read_bytes()).hexdigest()
                if true.exists():
                    videos.plain.add(path, true)
                    videos.ours.add((ours / stored_name(path.name)).with_suffix(".mp4"), true)
    return videos if videos.plain.size else None
