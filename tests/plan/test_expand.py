"""Names and globs of a run against a catalogue."""

from __future__ import annotations

import pytest

from support.plans.catalogues import catalogue, entry, make_run
from vrdata.errors import InvalidInputError
from vrdata.plan.expand import expand, is_glob, overlaps

NAMES = ("O-1_maze", "O-2_sort", "O-10_maze", "G-1_ball", "G-2_ball", "M-sets")
Selection = str | dict[str, object]


def chosen(*generators: Selection, names: tuple[str, ...] = NAMES) -> list[str]:
    return [item.entry.name for item in expand(make_run(*generators).spec, catalogue(*names))]


def refused(*generators: Selection, names: tuple[str, ...] = NAMES) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        expand(make_run(*generators).spec, catalogue(*names))
    return caught.value


@pytest.mark.parametrize(
    ("selections", "names"),
    [
        (["O-2_sort"], ["O-2_sort"]),
        (["O-*"], ["O-10_maze", "O-1_maze", "O-2_sort"]),
        (["*"], ["G-1_ball", "G-2_ball", "O-10_maze", "O-1_maze", "O-2_sort"]),
        (["*_maze"], ["O-10_maze", "O-1_maze"]),
        (["O-?_maze"], ["O-1_maze"]),
        (["[GO]-1_*"], ["G-1_ball", "O-1_maze"]),
        (["[!O]*"], ["G-1_ball", "G-2_ball"]),
        (["M-sets"], ["M-sets"]),
        (["*", "M-sets"], ["G-1_ball", "G-2_ball", "M-sets", "O-10_maze", "O-1_maze", "O-2_sort"]),
        (["G-*", "O-2_sort"], ["G-1_ball", "G-2_ball", "O-2_sort"]),
    ],
)
def test_selections_give_sorted_names_and_globs_leave_importers_out(
    selections: list[Selection], names: list[str]
) -> None:
    assert chosen(*selections) == names


def test_the_order_of_the_catalogue_and_of_the_run_changes_nothing() -> None:
    turned = tuple(reversed(NAMES))
    assert chosen("O-*", "G-1_ball") == chosen("G-1_ball", "O-*", names=turned)


@pytest.mark.parametrize("glob", ["O-*", "O_*", "[O]-*", "[OG][-_]*_maze", "O?3*"])
@pytest.mark.parametrize("name", ["O-3_maze", "O_3_maze", "o-3_maze", "o_3_maze"])
def test_a_glob_matches_every_spelling_of_a_class_prefix(name: str, glob: str) -> None:
    entries = catalogue(entry(name, **{"class": "O"}), "G-1_ball")
    names = [item.entry.name for item in expand(make_run(glob).spec, entries)]
    assert name in names


@pytest.mark.parametrize("name", ["Multi-01_maze", "Multi_01_maze", "multi-01_maze", "MULTI_01_m"])
def test_a_glob_matches_every_spelling_of_another_prefix(name: str) -> None:
    entries = catalogue(entry(name, **{"class": "G"}), entry("Multiple_x", **{"class": "G"}))
    for glob in ("Multi-*", "Multi_*", "Multi-0*"):
        assert [one.entry.name for one in expand(make_run(glob).spec, entries)] == [name]


def test_other_underscores_are_not_spellings_of_a_prefix() -> None:
    names = ("O-1_maze", "O-1-sort", "G_1_maze")
    assert chosen("O-1_*", names=names) == ["O-1_maze"]
    assert chosen("[!O]*", names=(*names, "O_2")) == ["G_1_maze"]


def test_an_overlap_through_another_spelling_is_reported() -> None:
    run = make_run("O_1_maze", "O-*")
    assert overlaps(run.spec, expand(run.spec, catalogue("O_1_maze", "O-2"))) == [
        "entry O_1_maze is used where O-* matches too: 1 generator"
    ]


def test_names_are_compared_with_their_case() -> None:
    assert "matches no" in refused("o-*").why


@pytest.mark.parametrize("exact_first", [True, False])
def test_an_exact_name_wins_over_a_glob_in_any_order(exact_first: bool) -> None:
    exact, glob = {"name": "O-1_maze", "samples": 7}, {"name": "O-*", "samples": 3}
    run = make_run(*((exact, glob) if exact_first else (glob, exact)))
    samples = {
        item.entry.name: item.selection.samples for item in expand(run.spec, catalogue(*NAMES))
    }
    assert samples == {"O-10_maze": 3, "O-1_maze": 7, "O-2_sort": 3}


def test_the_first_of_two_globs_wins() -> None:
    run = make_run({"name": "*_maze", "samples": 7}, {"name": "O-*", "samples": 3})
    samples = {
        item.entry.name: item.selection.samples for item in expand(run.spec, catalogue(*NAMES))
    }
    assert samples == {"O-10_maze": 7, "O-1_maze": 7, "O-2_sort": 3}


def test_each_entry_that_is_used_where_another_matches_is_told() -> None:
    run = make_run("O-1_maze", "*_maze", "O-*", "M-sets", "[M]*", "G-1_ball")
    entries = catalogue(*NAMES, "M-other", "O-3_maze", entry("M-static", **{"class": "O"}))
    assert overlaps(run.spec, expand(run.spec, entries)) == [
        "entry *_maze is used where O-* matches too: 2 generators",
        "entry O-1_maze is used where *_maze matches too: 1 generator",
        "entry O-1_maze is used where O-* matches too: 1 generator",
    ]
    alone = make_run("G-*", "O-1_maze", "M-sets")
    assert overlaps(alone.spec, expand(alone.spec, entries)) == []


def test_all_unknown_names_are_told_at_once_with_close_ones() -> None:
    error = refused("O-1_maz", "X-*", "G-1_ball", "zzz")
    assert "spec.generators[0].name: no generator O-1_maz; did you mean O-1_maze" in error.why
    assert "spec.generators[1].name: X-* matches no O- or G-class generator" in error.why
    assert "spec.generators[3].name: no generator zzz" in error.why
    assert "vrdata generators list" in error.fix


def test_a_glob_that_only_importers_match_is_refused() -> None:
    assert "M-* matches no O- or G-class generator" in refused("M-*").why


def test_an_empty_catalogue_serves_no_run() -> None:
    assert "matches no" in refused("*", names=()).why


def test_unseeded_generators_need_the_users_leave() -> None:
    entries = catalogue(entry("O-b", seeded=False), entry("O-a", seeded=False), "O-c")
    with pytest.raises(InvalidInputError) as caught:
        expand(make_run("O-*").spec, entries)
    assert caught.value.what == "not reproducible: O-a, O-b"
    assert "spec.allowNondeterministic" in caught.value.fix
    allowed = make_run("O-*", allowNondeterministic=True)
    assert len(expand(allowed.spec, entries)) == 3
    assert len(expand(make_run("O-c").spec, entries)) == 1


@pytest.mark.parametrize("kind", ["builtin", "api"])
@pytest.mark.parametrize("selector", ["O-own", "O-*"])
def test_args_are_refused_where_no_command_line_would_read_them(kind: str, selector: str) -> None:
    entries = catalogue(entry("O-own", kind=kind), entry("O-script", kind="repository"))
    with pytest.raises(InvalidInputError) as caught:
        expand(make_run({"name": selector, "args": ["--hard"]}).spec, entries)
    assert "no command line" in caught.value.what
    assert caught.value.why.endswith(": O-own")
    assert "remove args" in caught.value.fix
    own = make_run("O-*", {"name": "O-script", "args": ["--hard"]})
    assert len(expand(own.spec, entries)) == 2


CONVERTER = {"name": "M-sets", "source": {"url": "sets"}}


def test_a_converter_takes_options() -> None:
    entries = catalogue(entry("M-sets", kind="converter"))
    run = make_run(CONVERTER | {"args": ["final=solution", "note="]})
    assert len(expand(run.spec, entries)) == 1
    for wrong in ("--hard", "=x"):
        with pytest.raises(InvalidInputError) as caught:
            expand(make_run(CONVERTER | {"args": [wrong]}).spec, entries)
        assert caught.value.what == f"M-sets has the argument {wrong!r}"


def test_only_format_parquet_stores_rows() -> None:
    entries = catalogue(entry("M-sets", kind="converter", rows=True))
    with pytest.raises(InvalidInputError) as caught:
        expand(make_run(CONVERTER, output={"format": "webdataset"}).spec, entries)
    assert caught.value.what == "output.format webdataset does not store rows"
    assert caught.value.why.endswith(": M-sets")


@pytest.mark.parametrize(
    ("name", "glob"), [("O-a", False), ("O-*", True), ("?", True), ("[a]", True)]
)
def test_globs_are_told_from_names(name: str, glob: bool) -> None:
    assert is_glob(name) is glob
