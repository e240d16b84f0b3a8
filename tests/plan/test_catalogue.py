"""The catalogue: names are unique, entries complete, absent flags stay absent."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from support.plans.catalogues import catalogue, entry
from vrdata.plan.catalogue import Catalogue, Flags, ImageCatalogue

DIGEST = "sha256:" + "a" * 64


def test_an_entry_is_found_by_its_exact_name() -> None:
    found = catalogue("O-a", "G-b").get("G-b")
    assert found is not None
    assert found.generator_class == "G"
    assert catalogue("O-a").get("o-a") is None


def test_two_entries_of_one_name_are_refused_in_both_catalogues() -> None:
    twice = [entry("O-a").to_dict(), entry("O-a").to_dict()]
    with pytest.raises(ValidationError, match="named more than once: O-a"):
        Catalogue.model_validate({"generators": twice})
    with pytest.raises(ValidationError, match="named more than once: O-a"):
        ImageCatalogue.model_validate({"imageDigest": DIGEST, "versions": {}, "generators": twice})


def test_a_stored_catalogue_is_read_back_equal_with_the_flags_that_are_missing() -> None:
    one = catalogue(entry("O-a", flags={"seed": "--seed"}), entry("O-b"))
    again = Catalogue.model_validate_json(one.to_json())
    assert again == one
    assert [item.flags.seed for item in again.generators] == ["--seed", None]


@pytest.mark.parametrize(
    "changes",
    [
        {"digest": "sha256:abc"},
        {"digest": DIGEST + "\n"},
        {"digest": DIGEST.upper()},
        {"class": "X"},
        {"kind": "script"},
        {"mode": "fast"},
        {"blockSize": 0},
        {"blockSize": 1001},
        {"unknown": 1},
        {"name": "../a"},
        {"name": "O-a\n"},
        {"name": "O" * 101},
        {"measured": {"secondsPerSample": 0, "peakMemoryBytes": 1, "bytesPerSample": 1}},
        {"measured": {"secondsPerSample": float("nan"), "peakMemoryBytes": 1, "bytesPerSample": 1}},
    ],
)
def test_what_no_entry_can_hold_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        entry("O-a", **changes)


def test_a_flag_that_earlier_versions_stored_is_ignored() -> None:
    one = entry("O-a", flags={"seed": "--seed", "noVideo": "--no-videos"})
    assert one.flags == Flags(seed="--seed")
