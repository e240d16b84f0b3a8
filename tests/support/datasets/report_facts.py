"""Invented facts and a card of a report, with a hostile text."""

from vrdata.dataset.report.model import Card, GeneratorRow, Parameter, ReportFacts

ATTACK = "</script><script>alert(1)</script><img src=x onerror='alert(2)'>\u202e\u2028\"'&"
ROW = GeneratorRow(
    name="O-a",
    generator_class="O",
    planned=1200,
    samples=1000,
    failed_samples=0,
    duplicates=0,
    shards=4,
    planned_shards=5,
    bytes=12345,
    cards=24,
    digest="sha256:00",
)
FACTS = ReportFacts(
    namespace="default",
    run="demo",
    finished=True,
    plan="sha256:11",
    seed=7,
    format="files",
    video="h264",
    planned=1200,
    samples=1200,
    failed_samples=0,
    duplicates=0,
    shards=5,
    planned_shards=5,
    files=6000,
    bytes=12345,
    dataset_hash="sha256:22",
    architectures=("x86_64",),
    hermetic="kernel (Landlock 7)",
    versions={"av": "1"},
    generators=(ROW,),
    unit="sample",
    compared="frames and prompt",
    duplicate_examples=(),
    failures=(),
    more_failures=0,
    cards=24,
)
CARD = Card(
    generator="O-a",
    generator_class="O",
    index=3,
    id="maze_00000003",
    block=1,
    seed=5,
    shard=0,
    where="shards/O-a/O-a-000000.tar",
    prompt=ATTACK,
    metadata=ATTACK,
    parameters=(Parameter(name=ATTACK, value=ATTACK),),
)
