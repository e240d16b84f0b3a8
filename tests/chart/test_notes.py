"""The notes that Helm prints after an installation."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from support.kube.chart import CHART, NEWEST, run
from vrdata.api.run import GenerationRun

pytestmark = pytest.mark.slow

Notes = Callable[..., str]


@pytest.fixture
def notes(helm: Path, tmp_path: Path) -> Notes:
    """The notes for some values, rendered by a copy: Helm prints them only on a cluster."""
    copy = tmp_path / "chart"
    shutil.copytree(CHART, copy)
    text = (copy / "templates" / "NOTES.txt").read_text()
    (copy / "templates" / "_notes.tpl").write_text(f'{{{{- define "notes" }}}}{text}{{{{ end }}}}')
    (copy / "templates" / "notes.yaml").write_text('notes: {{ include "notes" . | toJson }}\n')

    def render(*settings: str) -> str:
        chosen = [word for setting in settings for word in ("--set", setting)]
        done = run(
            helm,
            *("template", "vrdata", copy, "-n", "system", "--kube-version", NEWEST),
            *("--show-only", "templates/notes.yaml", *chosen),
        )
        assert done.returncode == 0, done.stderr
        found: str = yaml.safe_load(done.stdout)["notes"]
        return found

    return render


def test_the_first_run_of_the_notes_is_a_valid_run(notes: Notes) -> None:
    text = notes()
    shown = text.partition("<<'EOF'\n")[2].partition("  EOF")[0]
    run_object = GenerationRun.model_validate(yaml.safe_load(shown))
    total = run_object.spec.samples * len(run_object.spec.generators)
    assert f"a first dataset of {total} samples" in text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ((), "no storage is set"),
        ((), "defaultProfile.image is empty"),
        (("crds.keep=false",), "deletes all runs"),
        (("storage.existingSecret=keys",), "needs the Secret keys"),
        (("watch.namespaces={a,b}",), "serves runs in a, b"),
        (("watch.namespaces={a,b}", "storage.existingSecret=keys"), "needs the Secret keys"),
        (("worker.serviceAccount.annotations.role=x",), "needs the service account vrdata-worker"),
    ],
)
def test_the_notes_name_missing_settings(
    notes: Notes, settings: tuple[str, ...], words: str
) -> None:
    assert words in notes(*settings)


def test_a_complete_installation_gets_no_warning(notes: Notes) -> None:
    image = "worker@sha256:" + "0" * 64
    text = notes("storage.url=s3://bucket/runs", f"defaultProfile.image={image}")
    assert "WARNING" not in text


def test_commands_use_a_served_namespace(notes: Notes) -> None:
    assert "-n team-a " in notes("watch.namespaces={team-a,team-b}")
    assert "-n system " in notes()
