"""Everything random in a block comes from its seed, and the classes stay those of the libraries."""

from __future__ import annotations

import pytest

from support.generators.probe import Probes

UNSEEDED = {
    "random.Random()": "random.Random().random()",
    "Random.seed()": "seeded(random.Random(4)).random()",
    "random.seed()": "(random.seed(), random.random())",
    "the shared generator": "random.random()",
    "SystemRandom": "random.SystemRandom().random()",
    "secrets": "secrets.token_hex(8)",
    "os.urandom": "os.urandom(8).hex()",
    "os.getrandom": "os.getrandom(8).hex()",
    "uuid1": "str(uuid.uuid1())",
    "uuid4": "str(uuid.uuid4())",
    "numpy's shared generator": "float(numpy.random.rand())",
    "numpy.random.seed()": "(numpy.random.seed(), float(numpy.random.rand()))",
    "default_rng": "float(numpy.random.default_rng().random())",
    "RandomState": "float(numpy.random.RandomState().rand())",
    "a bit generator": "int(numpy.random.PCG64().random_raw())",
    "an older bit generator": "int(numpy.random.MT19937().random_raw())",
    "SeedSequence": "int(numpy.random.SeedSequence().generate_state(1)[0])",
    "a name of a temporary file": "os.path.basename(tempfile.mktemp())",
    "hash of a text": "hash('text')",
    "hash of bytes": "hash(b'bytes')",
    "hash of a tuple": "hash(('text', 1))",
    "a class's own random generator": "Own().random()",
}
HOLDS = {
    "the shared generator is a Random": "type(random._inst) is random.Random",
    "numpy's shared generator is a RandomState": (
        "type(numpy.random.mtrand._rand) is numpy.random.RandomState"
    ),
    "a Random made by a library is a Random": (
        "isinstance(tempfile._get_candidate_names().rng, random.Random)"
    ),
    "default_rng takes a SeedSequence": (
        "numpy.random.default_rng(numpy.random.SeedSequence(1)).random()"
        " == numpy.random.default_rng(1).random()"
    ),
    "a given seed counts": "random.Random(3).random() == random.Random(3).random()",
    "a given seed of numpy counts": (
        "numpy.random.RandomState(3).rand() == numpy.random.RandomState(3).rand()"
    ),
    "two unseeded generators differ": "random.Random().random() != random.Random().random()",
    "two unseeded generators of numpy differ": (
        "numpy.random.default_rng().random() != numpy.random.default_rng().random()"
    ),
    "a Random survives pickle": (
        "pickle.loads(pickle.dumps(random.Random(1))).random() == random.Random(1).random()"
    ),
    "a key of its own equals its text": "Key('a') in {'a'} and 'a' in {Key('a')}",
    "a frozen dataclass is found": "Point(1, 'a') in frozenset([Point(1, 'a')])",
    "hash can be an attribute of a class": "type('K', (), {'h': hash})().h('a') == hash('a')",
    "hash of a number is Python's": "hash(1.0) == 1 == (1).__hash__()",
    "an unhashable value is refused": "raises(TypeError, lambda: hash([]))",
    "uuid1 has its version": "uuid.uuid1().version == 1",
    "uuid1 keeps a given node": "uuid.uuid1(node=5, clock_seq=9).node == 5",
}
PREAMBLE = """
import dataclasses, os, pickle, random, secrets, tempfile, uuid
import numpy

class Own(random.Random):
    pass

class Key:
    def __init__(self, name):
        self.name = name
    def __eq__(self, other):
        return str(other) == self.name
    def __str__(self):
        return self.name
    def __hash__(self):
        return hash(self.name)

@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    name: str

def seeded(generator):
    generator.seed()
    return generator

def raises(kind, call):
    try:
        call()
    except kind:
        return True
    return False

"""


@pytest.fixture(scope="module")
def drawn(probes: Probes) -> list[dict[str, object]]:
    """The values of two blocks of one seed and of a block of another."""
    return [probes.evaluate(UNSEEDED, PREAMBLE, seed=seed) for seed in (1, 1, 2)]


@pytest.fixture(scope="module")
def held(probes: Probes) -> dict[str, object]:
    answer: dict[str, object] = probes.evaluate(HOLDS, PREAMBLE)
    return answer


@pytest.mark.parametrize("source", UNSEEDED)
def test_it_depends_on_the_seed_of_the_block_only(
    source: str, drawn: list[dict[str, object]]
) -> None:
    first, again, other = (values[source] for values in drawn)
    assert first == again != other


@pytest.mark.parametrize("statement", HOLDS)
def test_it_holds_in_a_block(statement: str, held: dict[str, object]) -> None:
    assert held[statement] is True


FORKS = """
import multiprocessing, os, random, uuid
import numpy
fork = multiprocessing.get_context("fork")

def draw(answers):
    numbers = random.random(), random.Random().random(), float(numpy.random.default_rng().random())
    answers.put([*numbers, str(uuid.uuid4())])

facts = []
for _ in range(2):
    answers = fork.Queue()
    process = fork.Process(target=draw, args=(answers,))
    process.start()
    facts.append(answers.get())
    process.join()
"""


def test_forked_processes_draw_different_values_from_the_seed_of_the_block(probes: Probes) -> None:
    first, again, other = (probes.run(FORKS, seed=seed) for seed in (1, 1, 2))
    assert first == again
    drawn = [*first[0], *first[1], *other[0], *other[1]]
    assert len(set(drawn)) == len(drawn)
