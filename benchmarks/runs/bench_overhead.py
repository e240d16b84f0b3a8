"""What the framework adds to a sample: CPU of a whole run minus the generator's own work.

Both are slopes between two numbers of samples, so that fixed costs do not count. The generator's
own work is choosing parameters, drawing and encoding, in a plain loop with the same encoders. It
draws little, so that the noise of its own work does not hide the difference.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Cost, Goal, NotMeasuredError, Options, Row, interleaved, run

FEW, MANY = 20, 320
GOAL = Goal(6.0, at_least=False, unit=" ms")
GENERATOR = '''
from PIL import Image
from vrdata_generators.api import Generator, Sample

class Patch(Generator):
    """A patch that jumps: 512 x 512 pixels, 8 frames."""

    name, domain, generator_class = "O-patch", "patch", "O"

    def params(self, rng, index):
        return {"left": rng.randrange(400), "top": rng.randrange(400)}

    def render(self, params):
        frames = [Image.new("RGB", (512, 512), "white") for _ in range(8)]
        for at, frame in enumerate(frames):
            frame.paste("navy", (params["left"], params["top"], params["left"] + 90, 410 + at))
        return Sample(frames[0], frames[-1], f"Fill it to {params}.", frames)
'''
_BARE = """
import sys
from pathlib import Path
from vrdata_child.patches import redirect
redirect.install("h264")
from vrdata_child.run.firstparty import load, generate_sample
root, count, out = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
generator = load("O-patch", "api", root)
for position in range(count):
    generate_sample(generator, 7, position, out)
"""


def rows(options: Options) -> Iterator[Row]:
    """Milliseconds of CPU per sample, report and index included."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "O-patch"
        root.mkdir()
        (root / "generator.py").write_text(GENERATOR)
        home = _added(root, Path(name) / "home")
        rounds = interleaved(
            options.repeats,
            partial(_slope, partial(_through_vrdata, home)),
            partial(_slope, partial(_bare, root)),
            warm=False,
        )
    added = tuple((ours - bare) * 1e3 for ours, bare in rounds)
    own = min(bare for _, bare in rounds) * 1e3
    yield Row("overhead", f"CPU per sample beside the generator's {own:.0f} ms", GOAL, added)


def _slope(cost: Callable[[int], Cost]) -> float:
    return (cost(MANY).cpu - cost(FEW).cpu) / (MANY - FEW)


def _added(root: Path, home: Path) -> Path:
    """A home with the generator."""
    from support.generators.repositories import RunningInterpreter
    from vrdata_generators.adapter.adding import Added, Adder
    from vrdata_generators.adapter.home import Home
    from vrdata_generators.adapter.source.locations import GeneratorSource

    adder = Adder(Home(home), RunningInterpreter(), False, lambda _line: None)
    refused = [one for one in adder.add(GeneratorSource(str(root))) if not isinstance(one, Added)]
    if refused:
        raise NotMeasuredError(f"its generator is refused: {refused}")
    return home


def _through_vrdata(home: Path, count: int) -> Cost:
    from support.cli import command, write_run

    with tempfile.TemporaryDirectory() as folder:
        path = write_run(Path(folder) / "run.yaml", {"O-patch": count}, shard_size=count)
        words = ("run", path, "--local", "--out", folder, "--jobs", 1, "--generators", home)
        return run(command(*words))


def _bare(root: Path, count: int) -> Cost:
    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # as in a child
    with tempfile.TemporaryDirectory() as folder:
        return run([sys.executable, "-c", _BARE, root, count, folder], env=alone)
