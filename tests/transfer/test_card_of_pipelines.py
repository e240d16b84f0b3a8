"""The card of a pushed dataset whose samples come from a pipeline."""

from __future__ import annotations

import pyarrow as pa
import pytest
import yaml

from support.builders import build_finished_run, make_plan
from support.memorystore import MemoryStore
from vrdata.dataset.finish.card import card
from vrdata.plan.sources import PlannedPlace
from vrdata.transfer.card.hubcard import hub_card

PLAN = make_plan({"M-1": 2}, output_format="parquet")


def place(name: str, licence: str, **facts: str) -> PlannedPlace:
    """A source in a folder of this machine."""
    digest = f"sha256:{0:064}"
    url = f"/home/someone/{name}"
    return PlannedPlace(place=name, url=url, licence=licence, items=1, digest=digest, **facts)


def described(*places: PlannedPlace) -> str:
    """The card of a run that reads these places; the code of its pipeline has the licence MIT."""
    (one,) = PLAN.generators
    reads = one.model_copy(update={"licence": "MIT", "places": places})
    plan = PLAN.model_copy(update={"generators": (reads,)})
    summary = build_finished_run(MemoryStore(), plan)
    return hub_card(card(summary), summary, plan, {"default": pa.schema([])}).decode()


@pytest.mark.parametrize(
    ("licences", "expected", "stated"),
    [
        (["cc-by-4.0"], "cc-by-4.0", "`cc-by-4.0`"),
        (["mit", "cc-by-4.0"], ["cc-by-4.0", "mit"], "`cc-by-4.0`, `mit`"),
        (["mit", ""], ["mit", "unknown"], "`mit`, unknown"),
        ([""], None, "unknown"),
    ],
)
def test_the_licences_are_those_of_the_sources_and_not_that_of_the_code(
    licences: list[str], expected: object, stated: str
) -> None:
    text = described(*(place(f"raw{at}", one) for at, one in enumerate(licences)))
    front = yaml.safe_load(text.split("---\n")[1])
    assert front.get("license") == expected
    assert f"Licence of the data: {stated}. " in text


def test_sources_and_terms_are_on_the_card_without_folders_of_a_machine() -> None:
    text = described(place("raw", "cc-by-4.0", revision="0" * 40, terms="No <b>faces</b>."))
    assert f"    - reads `raw` at `{'0' * 40}` as `raw`, licence `cc-by-4.0`\n" in text
    assert "    - terms: `No <b>faces</b>.`\n" in text
    assert "someone" not in text
