"""A run with globs continues with its plan when generators are added, and after no other change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans.catalogues import VERSIONS, catalogue, entry, make_run, planned
from vrdata.api.run import GenerationRun
from vrdata.plan.catalogue import CatalogueEntry
from vrdata.plan.planned import Plan
from vrdata.plan.stored.continuing import Continued, continue_plan

RUN = make_run("O-*", "G-a")
THERE = ("O-a", "O-b", "G-a")
STORED = planned(RUN, *THERE)


def again(
    *entries: CatalogueEntry | str, run: GenerationRun = RUN, stored: Plan = STORED
) -> Continued | None:
    return continue_plan(run, catalogue(*entries), versions=VERSIONS, stored=stored)


def test_an_equal_catalogue_leaves_nothing_out() -> None:
    assert again(*THERE) == Continued(STORED, ())


def test_generators_that_the_globs_match_since_are_named_and_left_out() -> None:
    assert again("O-z", *THERE, "O-c", "G-b", "M-a") == Continued(STORED, ("O-c", "O-z"))


@pytest.mark.parametrize(
    "added",
    [
        pytest.param(entry("O-c", seeded=False), id="takes-no-seed"),
        pytest.param(entry("O-c", kind="api"), id="has-no-command-line"),
    ],
)
def test_an_added_one_that_could_not_be_in_the_run_is_no_error(added: CatalogueEntry) -> None:
    run = make_run({"name": "O-*", "args": ["--hard"]})
    stored = planned(run, "O-a")
    assert again("O-a", added, run=run, stored=stored) == Continued(stored, ("O-c",))


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(make_run("O-*", "G-a", seed=7), id="seed"),
        pytest.param(make_run("O-*", "G-a", samples=7), id="samples"),
        pytest.param(make_run("*"), id="a-wider-glob"),
        pytest.param(make_run("O-*", "G-a", "*"), id="one-more-glob"),
        pytest.param(make_run("O-*", "G-a", "O-c"), id="one-more-name"),
        pytest.param(make_run("O-*"), id="one-name-less"),
    ],
)
def test_a_changed_run_is_not_continued(run: GenerationRun) -> None:
    assert again(*THERE, "O-c", "G-b", run=run) is None


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(("O-a", "G-a", "O-c"), id="one-is-gone"),
        pytest.param(("G-a",), id="nothing-matches"),
        pytest.param(("O-a", "O-b"), id="a-named-one-is-gone"),
        pytest.param((entry("O-a", digest=f"sha256:{'0' * 64}"), "O-b", "G-a"), id="code"),
    ],
)
def test_a_catalogue_that_cannot_make_the_plan_any_more_does_not_continue_it(
    entries: tuple[CatalogueEntry | str, ...],
) -> None:
    assert again(*entries) is None


def test_a_run_without_globs_has_nothing_to_continue() -> None:
    run = make_run("O-a")
    stored = planned(run, "O-a")
    assert stored.globs is None
    assert again("O-a", "O-b", run=run, stored=stored) is None


def test_globs_are_kept_in_the_plan_and_do_not_change_its_hash() -> None:
    again_read = Plan.model_validate_json(STORED.to_json())
    assert again_read.globs == ("O-*",)
    assert again_read.hash == planned(make_run("O-a", "O-b", "G-a"), *THERE).hash


@given(added=st.sets(st.from_regex(r"[OGM]-[c-z]{1,3}", fullmatch=True)))
def test_whatever_is_added_the_plan_stays(added: set[str]) -> None:
    found = again(*THERE, *sorted(added))
    assert found == Continued(STORED, tuple(sorted(n for n in added if n.startswith("O-"))))
