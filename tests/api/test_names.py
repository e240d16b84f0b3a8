"""Names: which ones a run, a namespace and a selection may have."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vrdata.api.metadata import MAX_RUN_NAME, Metadata
from vrdata.api.rules import ceiling_above, one_storage, unique_names
from vrdata.api.selection import GeneratorSelection

ALLOWED = set(string.ascii_lowercase + string.digits + "-")
LIKELY = st.text("ab9-_.A/ \n", max_size=45)


def accepts(**metadata: str) -> bool:
    try:
        Metadata(**metadata)
    except ValidationError:
        return False
    return True


@given(name=LIKELY | st.text(max_size=45))
def test_a_run_name_is_a_dns_label_of_at_most_40_characters(name: str) -> None:
    is_label = (
        0 < len(name) <= MAX_RUN_NAME
        and set(name) <= ALLOWED
        and not name.startswith("-")
        and not name.endswith("-")
    )
    assert accepts(name=name) == is_label


@pytest.mark.parametrize(("length", "accepted"), [(63, True), (64, False), (0, False)])
def test_a_namespace_has_at_most_63_characters(length: int, accepted: bool) -> None:
    assert accepts(name="a", namespace="n" * length) is accepted


@given(name=st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=100))
def test_every_name_that_a_generator_can_have_can_be_selected(name: str) -> None:
    if name[0] not in "_-":
        assert GeneratorSelection(name=name).name == name


@pytest.mark.parametrize("name", ["", "-a", "_a", "a/b", "a.b", "a b", "é", "a\n", "a" * 101])
def test_what_no_generator_can_be_called_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        GeneratorSelection(name=name)


def test_names_given_twice_are_listed_once_each() -> None:
    unique_names(["b", "a"])
    with pytest.raises(ValueError, match=r"named more than once: a, b; keep one entry of each"):
        unique_names(["b", "a", "b", "a", "b", "c"])


def test_a_ceiling_equal_to_the_memory_is_allowed_in_other_units() -> None:
    ceiling_above("1Gi", "1024Mi")
    with pytest.raises(ValueError, match="raise the ceiling"):
        ceiling_above("1Gi", "1G")


@pytest.mark.parametrize(("url", "claim"), [("", ""), ("s3://b", ""), ("", "c")])
def test_a_profile_may_name_one_storage_or_none(url: str, claim: str) -> None:
    one_storage(url, claim)
    with pytest.raises(ValueError, match="both set"):
        one_storage(url or "s3://b", claim or "c")
