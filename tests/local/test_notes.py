"""Fields that have no effect on a laptop are listed, never silently ignored."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from support.plans.catalogues import make_run
from vrdata.api.profile import GenerationProfile, default_profile
from vrdata.errors import InvalidInputError
from vrdata.local.notes import not_applied, report_not_applied


def profile(name: str = "default", **spec: Any) -> GenerationProfile:
    return GenerationProfile.model_validate({"metadata": {"name": name}, "spec": spec})


def test_all_fields_of_a_plain_run_are_applied() -> None:
    assert not_applied(make_run("O-a"), default_profile()) == []


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ({"queueName": "night"}, "spec.queueName: night"),
        ({"activeDeadlineSeconds": 9}, "spec.activeDeadlineSeconds: 9"),
        ({"ttlSecondsAfterFinished": 0}, "spec.ttlSecondsAfterFinished: 0"),
        ({"suspend": True}, "spec.suspend: True"),
        ({"profile": "gpu"}, "spec.profile: gpu (used: default; name its file with --profile)"),
    ],
)
def test_a_field_of_the_run_for_clusters_is_named(spec: dict[str, Any], line: str) -> None:
    assert not_applied(make_run("O-a", **spec), default_profile()) == [line]


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ({"limits": {"maxSamples": 5}}, "profile spec.limits: {'maxSamples': 5}"),
        ({"storage": {"url": "s3://b"}}, "profile spec.storage: {'url': 's3://b'}"),
        ({"serviceAccount": "w"}, "profile spec.serviceAccount: w"),
        ({"classes": {"O": {"cpu": "2"}}}, "profile spec.classes.O.cpu: 2"),
        ({"classes": {"G": {"nodeSelector": {"a": "b"}}}}, "spec.classes.G.nodeSelector: {'a'"),
        ({"classes": {"M": {"gpu": {"count": 1}}}}, "profile spec.classes.M.gpu: {'count': 1}"),
    ],
)
def test_a_field_of_the_profile_for_clusters_is_named(spec: dict[str, Any], line: str) -> None:
    (found,) = not_applied(make_run("O-a"), profile(**spec))
    assert line in found


def test_memory_and_time_of_a_class_are_applied_and_not_named() -> None:
    used = {"memory": "1Gi", "memoryCeiling": "3Gi", "sampleTimeoutSeconds": 5}
    assert not_applied(make_run("O-a"), profile(classes={"O": used, "G": used})) == []


def test_the_level_that_the_kernel_must_give_is_applied_and_not_named() -> None:
    assert not_applied(make_run("O-a"), profile(hermetic="Kernel")) == []


def test_the_profile_that_the_run_names_is_not_listed() -> None:
    assert not_applied(make_run("O-a", profile="gpu"), profile("gpu")) == []


def test_with_strict_local_such_a_run_is_refused() -> None:
    console = Console(quiet=True)
    report_not_applied([], strict=True, console=console)
    report_not_applied(["spec.suspend: True"], strict=False, console=console)
    with pytest.raises(InvalidInputError, match=r"not applied on a laptop: spec.suspend") as caught:
        report_not_applied(["spec.suspend: True"], strict=True, console=console)
    assert "without --strict-local" in caught.value.fix
