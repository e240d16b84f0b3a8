"""Two runs never share a key, and no run's folder is inside another one's."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain, pairwise, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from support.memorystore import MemoryStore
from support.objects import put
from vrdata.api.metadata import DNS_LABEL
from vrdata.api.rules import RESERVED_NAMES
from vrdata.api.run import PREFIX, GenerationRun
from vrdata.dataset import layout
from vrdata.dataset.discover import require_apart
from vrdata.errors import OutputConflictError
from vrdata.store.port import ObjectInfo, StoreAccessError

NAMES = ["a", "b", "index", "report", "shards", "questions"]
PARTS = ["a", "b", "shards", "Report", "_vrdata", "dataset"]
GENERATORS = ["O-a", "shards", "index", "O-shards", "a", "b", "report"]

runs = st.builds(
    lambda namespace, parts, name: (namespace, "/".join(parts), name),
    st.sampled_from(["default", "a"]),
    st.lists(st.sampled_from(PARTS), max_size=2),
    st.sampled_from(NAMES),
)

pairs = st.builds(  # a run, and one whose prefix begins with its folder
    lambda outer, parts, name: (
        outer,
        (outer[0], "/".join(filter(None, (outer[1], outer[2], *parts))), name),
    ),
    runs,
    st.lists(st.sampled_from(PARTS), max_size=2),
    st.sampled_from(NAMES),
)
several_runs = st.lists(pairs, min_size=2, max_size=4).map(lambda found: [*chain(*found)])


def folder_of(run: tuple[str, str, str]) -> str | None:
    """The folder of a run; None for a run that the models refuse."""
    namespace, prefix, name = run
    spec = {"samples": 1, "generators": [{"name": "O-a"}], "output": {"prefix": prefix}}
    metadata = {"name": name, "namespace": namespace}
    value: dict[str, Any] = {"metadata": metadata, "spec": spec}
    value |= {"apiVersion": "vrdata.dev/v1alpha1", "kind": "GenerationRun"}
    try:
        GenerationRun.model_validate(value)
    except ValidationError:
        return None
    return layout.run_prefix(namespace, name, prefix)


@cache
def keys_of(folder: str) -> frozenset[str]:
    """One key of each kind for each of some generators, below the root."""
    found = {layout.PLAN, layout.DATASET, layout.CARD, layout.SUCCESS, layout.wave_key(0)}
    found |= {f"{layout.REPORT}index.html", f"{layout.REPORT}cards/O-a.js"}
    for name in GENERATORS:
        found |= {
            layout.commit_key(name, 0),
            layout.failure_key(name, 0, 0),
            layout.difference_key(name, 0, 0),
            layout.shard_tar_key(name, 0),
            layout.shard_targz_key(name, 0, 10),
            layout.QUESTIONS + layout.sample_folder(name, "a", 0) + "/prompt.txt",
            layout.index_key(name),
        }
    return frozenset(folder + key for key in found)


@settings(max_examples=300)
@given(several=several_runs)
def test_no_key_of_a_run_is_among_the_objects_of_another(
    several: list[tuple[str, str, str]],
) -> None:
    for one, other in permutations(set(filter(None, map(folder_of, several))), 2):
        theirs = keys_of(other)
        assert not keys_of(one) & theirs
        own = tuple(f"{one}{name}/" for name in layout.TOP_LEVEL)
        assert not [key for key in theirs if f"{key}/".startswith(own)]


@given(several=several_runs)
def test_of_runs_that_overlap_the_first_is_accepted_alone(
    several: list[tuple[str, str, str]],
) -> None:
    store, accepted = MemoryStore(), set[str]()
    for folder in filter(None, map(folder_of, several)):
        try:
            require_apart(store, folder)
        except OutputConflictError:
            assert any(folder.startswith(one) or one.startswith(folder) for one in accepted)
            continue
        accepted.add(folder)
        for key in keys_of(folder) - store.objects.keys():
            put(store, key, b"{}")
    for one, other in pairwise(sorted(accepted)):
        assert not other.startswith(one)


def test_every_name_in_a_runs_folder_that_a_run_or_a_prefix_can_have_is_reserved() -> None:
    values = {name: value for name, value in vars(layout).items() if name.isupper()}
    keys = {value for value in values.values() if isinstance(value, str)} - {layout.CATALOGUES}
    assert {key.partition("/")[0] for key in keys} == layout.TOP_LEVEL
    possible = {
        name for name in layout.TOP_LEVEL if re.match(DNS_LABEL, name) or re.match(PREFIX, name)
    }
    assert possible == set(RESERVED_NAMES)


def test_a_run_inside_another_one_is_refused_with_the_names_of_both() -> None:
    store = MemoryStore()
    put(store, "team/long/_vrdata/plan.json", b"{}")
    with pytest.raises(OutputConflictError) as caught:
        require_apart(store, "team/long/deep/demo/")
    assert caught.value.what == (
        "memory://run/team/long/deep/demo/ is inside the folder of another run, "
        "memory://run/team/long/"
    )


def test_a_run_around_another_one_is_refused_with_the_names_of_both() -> None:
    store = MemoryStore()
    put(store, "team/long/deep/demo/_vrdata/plan.json", b"{}")
    with pytest.raises(OutputConflictError, match="already contains another run") as caught:
        require_apart(store, "team/long/")
    assert caught.value.what.endswith("memory://run/team/long/deep/demo/")


def test_a_root_that_is_itself_a_run_is_refused() -> None:
    store = MemoryStore()
    put(store, "_vrdata/plan.json", b"{}")
    with pytest.raises(OutputConflictError, match="inside the folder of another run"):
        require_apart(store, "default/demo/")


def test_files_that_belong_to_no_run_and_names_that_only_begin_alike_do_not_matter() -> None:
    store = MemoryStore()
    for key in ("team/demo/notes.txt", "team/demo/x/_vrdata/commits/O-a/000000.json"):
        put(store, key, b"{}")
    for key in ("team/demo2/_vrdata/plan.json", "team/dem/_vrdata/plan.json"):
        put(store, key, b"{}")
    require_apart(store, "team/demo/")


def test_the_search_for_overlapping_runs_costs_few_requests_however_many_objects_exist() -> None:
    store = MemoryStore()
    for number in range(3000):
        put(store, f"team/demo/x/_vrdata/commits/O-a/{number:06}.json", b"{}")
    store.requests.clear()
    require_apart(store, "team/a/b/c/demo/")
    assert store.requests == {"head": 5, "list": 1}
    store.requests.clear()
    require_apart(store, "team/demo/")
    assert store.requests.total() == 4


def test_credentials_for_the_runs_folder_alone_suffice() -> None:
    class Limited(MemoryStore):
        def head(self, key: str) -> ObjectInfo | None:
            if not key.startswith("team/demo/"):
                raise StoreAccessError("403")
            return super().head(key)

    require_apart(Limited(), "team/demo/")
