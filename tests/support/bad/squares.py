"""Generators with bad samples: each ends its process, at once or after a while, in each attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from support.builders import make_plan
from support.generators.ending import FAMILY
from support.generators.repositories import write_repository
from vrdata.dataset.codec import decode_record
from vrdata.dataset.formats.registry import format_of
from vrdata.dataset.manifest import SampleRecord
from vrdata.plan.catalogue import Flags
from vrdata_worker.child.launch import Launch
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.generate.generated import GeneratedShard
from vrdata_worker.generate.shard import Limits, ShardGenerator

NAME = "O-square"
MEMORY = 250 * 2**20
FAIL = """
import os, signal, sys

def fail(way):
    if way == "raise": raise ValueError("cannot paint")
    if way == "code": sys.exit(3)
    if way == "disk": raise OSError(28, "No space left on device")
    if way == "leave": os._exit(3)
    if way == "crash": os.kill(os.getpid(), signal.SIGSEGV)
    if way == "memory":
        held = [bytearray(b"x") * 2**20 for _ in range(MEGABYTES)]
        way = "hang"
    while way == "hang": pass
""".replace("MEGABYTES", str(2 * MEMORY // 2**20))
API = """
import json
from pathlib import Path
from PIL import Image
from vrdata_generators.api import Generator, Sample

BAD = json.loads(Path(__file__).with_name("bad.json").read_text())
drawn = []

class Square(Generator):
    name, domain, generator_class = "O-square", "square", "O"

    def params(self, rng, index):
        return {"index": index, "colour": rng.randrange(2**24)}

    def render(self, params):
        colour = params["colour"]
        drawn.append(colour)
        if way := BAD.get(str(colour)):
            if way == "crash first":
                way = "crash" if len(drawn) == 1 else ""
            fail(way)
        if KIND == "counting api":
            colour = len(drawn)
        if KIND == "api with a palette":
            colour = colour ^ drawn[0]
        image = Image.new("RGB", (16, 16), tuple(colour.to_bytes(3, "big")))
        return Sample(first=image, final=image, prompt=f"Paint {colour}.", frames=[image])
"""
SCRIPT = """
import argparse, io, json, random
from pathlib import Path
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))
from core.base_generator import BaseGenerator

parser = argparse.ArgumentParser()
for flag in ("--num-samples", "--seed"):
    parser.add_argument(flag, type=int)
for flag in ("--output", "--bad", "--per"):
    parser.add_argument(flag)
options = parser.parse_args()
BAD = json.loads(options.bad)
palette = []
white = io.BytesIO()
Image.new("RGB", (8, 8)).save(white, "PNG")

class Config:
    domain, random_seed, num_samples = "square", options.seed, options.num_samples

class Square(BaseGenerator):
    def generate_task_pair(self, task_id):
        number = int(task_id[-8:])
        if options.per != "block":
            random.seed(f"{options.seed} {number}")
        colour = random.randrange(2**24)
        if options.per == "palette":
            palette.append(colour)
            colour ^= palette[0]
        fail(BAD.get(f"{options.seed} {number}", BAD.get(str(number))))
        return task_id, colour

for task_id, colour in Square(Config()).generate_dataset():
    folder = Path(options.output) / "square_task" / task_id
    folder.mkdir(parents=True)
    (folder / "first_frame.png").write_bytes(white.getvalue())
    (folder / "prompt.txt").write_text(f"Paint {colour}.")
"""
LOOP = """
import argparse, json, random
from pathlib import Path
from PIL import Image

parser = argparse.ArgumentParser()
for flag in ("--num-samples", "--seed"):
    parser.add_argument(flag, type=int)
for flag in ("--output", "--bad", "--per"):
    parser.add_argument(flag)
options = parser.parse_args()
bad = json.loads(options.bad)
random.seed(options.seed)
colours = []
for number in range(options.num_samples):
    colours.append(random.randrange(2**24))
    fail(bad.get(str(number)))
for number, colour in enumerate(colours):
    folder = Path(options.output) / "square_task" / f"square_{number:08d}"
    folder.mkdir(parents=True)
    Image.new("RGB", (8, 8), tuple(colour.to_bytes(3, "big"))).save(folder / "first_frame.png")
    (folder / "prompt.txt").write_text(f"Paint {colour}.")
"""
Kind = Literal["api", "counting api", "api with a palette", "stream", "loop"]


@contextmanager
def open_square(folder: Path, kind: Kind, bad: str = "{}") -> Iterator[GeneratorTemplate]:
    """A running template of a generator.

    Args:
        folder: private.
        kind: of the generator; the samples of a counting one depend on those before, and those with
            a palette on the first one of their process.
        bad: how samples fail, by their colours, as JSON; of the API only.
    """
    root = folder / "generator"
    if kind.endswith("api") or kind == "api with a palette":
        root.mkdir()
        (root / "generator.py").write_text(FAIL + API.replace("KIND", repr(kind)))
        (root / "bad.json").write_text(bad)
        launch = Launch(NAME, "api", str(root))
    else:
        code = FAIL + (SCRIPT if kind == "stream" else LOOP)
        write_repository(root, {"examples/generate.py": code} | FAMILY)
        mode: Literal["stream", "whole"] = "stream" if kind == "stream" else "whole"
        launch = Launch(NAME, "repository", str(root), mode=mode, flags=Flags(seed="--seed"))
    template = GeneratorTemplate(launch, folder)
    try:
        template.start()
        yield template
    finally:
        template.close()


def generate(
    template: GeneratorTemplate,
    scratch: Path,
    *,
    samples: int = 10,
    start: int = 0,
    block_size: int = 10,
    args: tuple[str, ...] = (),
    allowed: int = 10,
    timeout: float = 60.0,
    children: int = 2,
    tell: Callable[[str], None] = lambda _: None,
) -> GeneratedShard:
    """Generate a shard.

    Args:
        template: of the generator.
        scratch: a folder that does not exist.
        samples: of the shard.
        start: its first one.
        block_size: samples of a block.
        args: of the generator.
        allowed: samples that may fail.
        timeout: the sample timeout in seconds.
        children: concurrent blocks.
        tell: gets each line for the user.
    """
    scratch.mkdir()
    blocks = -(-samples // block_size)
    plan = make_plan({NAME: samples}, block_size=block_size, shard_blocks=blocks)
    planned = plan.generators[0].model_copy(update={"args": args, "start": start})
    shard = planned.shard(0)
    return ShardGenerator(
        template,
        planned,
        shard,
        run_seed=plan.seed,
        writer=format_of("files").open_writer(scratch, shard),
        limits=Limits(children, timeout, MEMORY, allowed),
        on_sample=lambda _: None,
        tell=tell,
    ).generate()


def contents(shard: GeneratedShard) -> dict[int, tuple[str, ...]]:
    """The digests of each sample's files, by index."""
    records = (decode_record(body) for _, body in shard.samples)
    return {
        record.index: tuple(file.sha256 for file in record.files)
        for record in records
        if isinstance(record, SampleRecord)
    }
