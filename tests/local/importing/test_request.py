"""From a request to a run."""

from __future__ import annotations

import pytest

from vrdata.errors import UsageError
from vrdata.local.importing.known import KNOWN, find_dataset
from vrdata.local.importing.request import ImportRequest, import_request, import_run


def request(url: str = "hf://org/set", **fields: object) -> ImportRequest:
    return import_request(find_dataset(url), **fields)  # type: ignore[arg-type]


def test_all_configurations_of_a_known_dataset_are_imported_in_their_order() -> None:
    run = import_run(import_request(KNOWN[0]), "files")
    assert [item.name for item in run.spec.generators] == list(KNOWN[0].configs)
    assert {item.converter for item in run.spec.generators} == {"M-import"}
    sources = [item.source for item in run.spec.generators]
    assert {(one.url, one.split) for one in sources if one} == {(KNOWN[0].url, "test")}


def test_options_replace_the_defaults() -> None:
    chosen = import_request(KNOWN[0], configs=("Mazes",), split="minitest", revision="v1")
    (item,) = import_run(chosen, "files").spec.generators
    assert item.source is not None
    assert (item.source.config, item.source.split, item.source.revision) == (
        "Mazes",
        "minitest",
        "v1",
    )


def test_no_source_is_asked_for_more_items_than_the_limit() -> None:
    run = import_run(import_request(KNOWN[0], limit=7), "files")
    assert [item.source.limit for item in run.spec.generators if item.source] == [7] * 4


@pytest.mark.parametrize("limit", [0, None])
def test_limit_0_means_all(limit: int | None) -> None:
    assert request(limit=limit).limit is None


def test_every_item_that_fails_is_dropped() -> None:
    assert import_run(request(), "files").spec.failure_policy.max_failed_samples >= 10_000_000


def test_a_mapping_becomes_the_arguments_of_the_converter() -> None:
    run = import_run(request(options={"final": "solution", "first": "a b"}), "files")
    assert run.spec.generators[0].args == ("final=solution", "first=a b")


def test_the_block_size_is_that_of_the_run_and_part_of_its_name_only_if_it_is_given() -> None:
    small = request(block_size=2)
    assert import_run(small, "files").spec.generators[0].block_size == 2
    assert request().run_name == request(block_size=0).run_name != small.run_name
    assert import_run(request(), "files").spec.generators[0].block_size is None


def test_ids_have_prefix_split_and_five_digits() -> None:
    assert import_request(KNOWN[0]).sample_id(17) == "vtb_test_00017"
    assert request().sample_id(123456) == "set_123456"
    assert request(split="a/b").sample_id(0) == "set_a_b_00000"


def test_configurations_whose_names_differ_only_in_special_characters_stay_apart() -> None:
    run = import_run(request(configs=("a.b", "a b", "a/b")), "files")
    assert [item.name for item in run.spec.generators] == ["a_b", "a_b_2", "a_b_3"]


def test_a_configuration_is_given_once() -> None:
    with pytest.raises(UsageError, match="Mazes is given twice"):
        request(configs=("Mazes", "Mazes"))


def test_equal_requests_are_one_run_and_others_are_not() -> None:
    names = [
        request().run_name,
        request(limit=0).run_name,
        request(limit=3).run_name,
        request(split="train").run_name,
        request(revision="v1").run_name,
        request(options={"final": "x"}).run_name,
    ]
    assert len(set(names)) == len(names) - 1
    assert names[0] == names[1]


@pytest.mark.parametrize("path", ["/home/a/my data/x.parquet", "/data@2026/x y.csv", "./a b"])
def test_a_path_may_have_spaces_and_an_at_sign(path: str) -> None:
    (item,) = import_run(import_request(find_dataset(path, path=path)), "files").spec.generators
    assert item.source is not None
    assert item.source.url == path
