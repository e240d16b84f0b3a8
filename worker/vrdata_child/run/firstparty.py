"""Generate samples with generators that are written against the API of vrdata_generators."""

from __future__ import annotations

import json
import shutil
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from vrdata_child.encoders.h264 import VideoEncoder
from vrdata_child.hermetic.folders import SampleFolder
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.media import finish_video

if TYPE_CHECKING:
    from vrdata_generators.api import Generator, Sample


@cache
def load(name: str, kind: str, root: str) -> Generator:
    """The first-party generator of this name, or the generator in `root/generator.py`.

    Raises:
        Exception: whatever the generator's module raises.
    """
    from vrdata_generators.registry import get_generator, load_generator

    return get_generator(name) if kind == "builtin" else load_generator(Path(root) / "generator.py")


def generate_sample(
    generator: Generator, seed: int, position: int, out: Path, *, hash_frames: bool = False
) -> SampleFolder:
    """Generate one sample of a block, independent of the block's other samples.

    Args:
        seed: the block's seed.
        out: the block's output folder; it stays empty when the generator raises.
        hash_frames: keep a sha256 over the RGB frames of the video, for proofs.

    Raises:
        SampleInvalidError: the generator returned no frame.
        BaseException: whatever the generator raises.
    """
    from vrdata_generators.api import sample_rng

    folder = out / f"{generator.domain}_task" / f"{generator.domain}_{position:08d}"
    folder.mkdir(parents=True)
    try:
        params = generator.params(sample_rng(seed, position), position)
        _write(folder, generator, params, generator.render(params), hash_frames)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return SampleFolder(folder, generator.domain)


def _write(
    folder: Path,
    generator: Generator,
    params: dict[str, object],
    sample: Sample,
    hash_frames: bool,
) -> None:
    sample.first.save(folder / "first_frame.png")
    sample.final.save(folder / "final_frame.png")
    (folder / "prompt.txt").write_text(sample.prompt, encoding="utf-8")
    text = json.dumps(params, sort_keys=True, separators=(",", ":"))
    metadata = {
        "parameters": params,
        "param_hash": sha256(text.encode()).hexdigest()[:16],
        "ground_truth": sample.ground_truth,
        "generator_version": generator.version,
    }
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    path = folder / "ground_truth.mp4"
    encoder: VideoEncoder | None = None
    for frame in sample.frames:
        if encoder is None:
            encoder = VideoEncoder(
                path, frame.width, frame.height, sample.fps, hash_frames=hash_frames
            )
        encoder.add(frame)
    if encoder is None:
        raise SampleInvalidError("VideoEmpty", f"{generator.name} returned no frame")
    finish_video(encoder, path)
