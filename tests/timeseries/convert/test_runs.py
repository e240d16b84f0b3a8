"""`vrdata timeseries from-run`: the episodes of a finished run."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import yaml

from support.cli import called
from vrdata.errors import InvalidInputError
from vrdata.export.layouts.base import Sample
from vrdata.timeseries.convert.media import embed
from vrdata.timeseries.convert.runs import Found, find_episodes, run_episodes
from vrdata.timeseries.table.episode import Episode
from vrdata.timeseries.table.reading import open_tables
from vrdata_generators.api import sample_rng
from vrdata_generators.builtin.tabletop import ACTIONS, OBSERVATIONS, Tabletop

STEPS = {"names": ["a"], "timestamps": [0, 10, 20], "values": [[1.0], [2.0], [3.0]]}
TRUTH = {"actions": STEPS, "observations": STEPS}


def write_run(folder: Path, generators: dict[str, int]) -> Path:
    run: dict[str, Any] = {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationRun",
        "metadata": {"name": "demo"},
        "spec": {
            "generators": [{"name": name, "samples": number} for name, number in generators.items()]
        },
    }
    (folder / "run.yaml").write_text(yaml.safe_dump(run))
    ran = called("run", folder / "run.yaml", "--local", "--out", folder / "out")
    assert ran.code == 0, ran.err
    return folder / "out/default/demo"


@pytest.mark.slow
@pytest.mark.smoke
def test_a_run_of_tabletop_becomes_a_table_with_its_values_and_videos(tmp_path: Path) -> None:
    run = write_run(tmp_path, {"G-tabletop": 3, "O-maze": 2})
    table = tmp_path / "episodes.parquet"
    made = called("timeseries", "from-run", run, "-o", table)
    assert (made.code, made.out) == (0, f"wrote 3 episodes to {table}\n")
    assert "note: skipped 2 samples of O-maze without an episode" in made.err
    tables = open_tables([table])
    assert (len(tables), tables.dimensions) == (3, {"actions": 2, "observations": 6})
    for number in range(3):
        episode = tables.episode(number)
        assert "moves its tip to the" in episode.text
        assert episode.video is not None
        with av.open(io.BytesIO(episode.video.data)) as clip:
            times = [round(one.pts * one.time_base * 10**9) for one in clip.decode(video=0)]
        assert times == episode.observations_timestamps.tolist()
        assert (episode.video_start, episode.video_timestamps) == (0, None)
    again = tmp_path / "again.parquet"
    assert called("timeseries", "from-run", run, "-o", again).code == 0
    assert again.read_bytes() == table.read_bytes()
    seed = tmp_path / "seed.parquet"
    options = ("--media-files", "--seed-form")
    assert called("timeseries", "from-run", run, "-o", seed, *options).code == 0
    old = open_tables([seed]).episode(1)
    np.testing.assert_array_equal(old.actions, tables.episode(1).actions)
    np.testing.assert_array_equal(old.actions_timestamps, tables.episode(1).actions_timestamps)
    assert old.video is not None
    assert (tmp_path / old.video.path).read_bytes()[4:8] == b"ftyp"


@pytest.mark.slow
def test_a_run_without_episodes_writes_nothing(tmp_path: Path) -> None:
    run = write_run(tmp_path, {"O-maze": 1})
    made = called("timeseries", "from-run", run, "--out", tmp_path / "a.parquet")
    assert made.code == 3
    assert "has an episode in its ground truth" in made.err
    assert not (tmp_path / "a.parquet").exists()


def sample(truth: object, number: int = 0) -> Sample:
    own = json.dumps({"ground_truth": truth})
    files = {
        "prompt.txt": b"Reach",
        "metadata.json": json.dumps({"generator_metadata": own}).encode(),
    }
    return Sample("G-mine", number, number, f"mine_{number:08d}", "", files)


def converted(monkeypatch: pytest.MonkeyPatch, *samples: Sample) -> list[Episode]:
    import vrdata.timeseries.convert.runs as module

    monkeypatch.setattr(module, "load_plan", lambda _: None)
    monkeypatch.setattr(module, "require_finished", lambda _: None)
    monkeypatch.setattr(module, "iter_samples", lambda *_: iter(samples))
    found: list[Found] = list(find_episodes(None, lambda _: None))  # type: ignore[arg-type]
    return list(run_episodes(iter(found), found[0].names, embed))


def test_a_sample_of_tabletop_has_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = Tabletop()
    rendered = generator.render(generator.params(sample_rng(1, 0), 0))
    (one,) = converted(monkeypatch, sample(rendered.ground_truth))
    episode = rendered.ground_truth["episode"]
    assert one.actions.tolist() == episode["actions"]["values"]
    assert one.observations.shape[1] == len(OBSERVATIONS)
    assert one.actions.shape[1] == len(ACTIONS)


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        ({"episode": []}, "no values and timestamps of actions"),
        ({"episode": {"actions": STEPS}}, "no values and timestamps of observations"),
        (
            {"episode": TRUTH | {"actions": STEPS | {"values": [[1], [2, 3], [4]]}}},
            "actions of its",
        ),
        ({"episode": TRUTH | {"actions": STEPS | {"timestamps": [0, 5, 5]}}}, "not increasing"),
        ({"episode": TRUTH | {"actions": STEPS | {"timestamps": [0, 10.5, 20]}}}, "not integers"),
        ({"episode": TRUTH | {"actions": STEPS | {"timestamps": [0, True, 20]}}}, "not integers"),
        ({"episode": TRUTH | {"actions": STEPS | {"names": ["b"]}}}, "other names than"),
    ],
)
def test_an_unusable_episode_is_named_with_its_sample(
    monkeypatch: pytest.MonkeyPatch, truth: object, words: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        converted(monkeypatch, sample({"episode": TRUTH}), sample(truth, 1))
    assert "G-mine/mine_00000001" in str(caught.value)
    assert words in str(caught.value)


def test_samples_without_an_episode_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    others = (sample({}), sample("text"), sample({"answer": 3}))
    assert len(converted(monkeypatch, *others, sample({"episode": TRUTH}))) == 1
