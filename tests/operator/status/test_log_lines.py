"""The operator logs what happens to each run, in about ten lines."""

from __future__ import annotations

import json
import logging

import pytest

from support.lives import Life, run_object
from support.operator.fakeworkers import Try
from vrdata_operator.logs import Changes, JsonFormat, TextFormat, configure


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if hasattr(record, "fields")]


def fails_once(tried: Try) -> str:
    return "GeneratorCrashed" if (tried.shard, tried.attempt) == (("O-maze", 0), 0) else ""


def test_a_run_is_logged_from_its_acceptance_to_its_figures(
    life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    life.workers.script = fails_once
    tries = iter(["Disrupted", "StorageUnavailable"])
    life.workers.final_script = lambda _job: next(tries, "")
    life.create()
    life.live()
    found = lines(caplog)
    assert 6 <= len(found) <= 15
    assert all(line.startswith("team/demo: ") for line in found)
    for part in (
        "accepted: 60 samples in 6 shards, plan sha256:",
        "generating: 6 shards in waves 0 to 1",
        "retrying: 1 shard in wave 2: GeneratorCrashed 1",
        "finalising: try 1 of finalise",
        "try 2 of finalise; the last one failed: Disrupted: its pod was deleted or killed",
        "try 3 of finalise; the last one failed: StorageUnavailable: why",
    ):
        assert any(part in line for line in found), (part, found)
    assert "succeeded: AllSamples" in found[-1]
    assert "samples 60, failed 0, bytes 600, seconds " in found[-1]
    assert "waves 3, charged retries 1, uncharged retries 0" in found[-1]


def test_uncharged_attempts_are_counted_separately(
    life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    life.workers.script = lambda tried: "StorageUnavailable" if tried.attempt < 2 else ""
    life.create(run_object(failurePolicy={"retries": 0}))
    life.live(turns=200)
    assert "charged retries 0, uncharged retries 12" in lines(caplog)[-1]


def test_a_restarted_operator_says_how_far_a_run_is(
    life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    life.create()
    life.live(until=lambda: life.status().shards.succeeded > 0)
    life.restart()
    caplog.set_level(logging.INFO)
    life.live()
    assert "of 6 shards are committed" in lines(caplog)[0]


def test_a_problem_that_stays_is_logged_once() -> None:
    changes = Changes()
    assert changes.is_new("uid-1", "no answer")
    assert not changes.is_new("uid-1", "no answer")
    assert changes.is_new("uid-2", "no answer")
    assert not changes.is_new("uid-1", "")
    assert changes.is_new("uid-1", "no answer")


def record(message: str, **fields: object) -> logging.LogRecord:
    found = logging.LogRecord("vrdata", logging.INFO, "", 0, message, (), None)
    found.created = 1_800_000_000
    found.fields = fields
    return found


HOSTILE = "failed: \x1b[31m\nERROR forged line s3://user:secret@host/x"


def test_a_line_cannot_be_forged_and_holds_no_password() -> None:
    text = TextFormat().format(record(HOSTILE))
    assert text == "2027-01-15T08:00:00Z INFO failed:  [31m ERROR forged line s3://host/x"
    line = JsonFormat().format(record(HOSTILE))
    assert "\n" not in line
    assert "secret" not in line


def test_a_line_in_json_has_the_fields_of_the_run() -> None:
    found = json.loads(JsonFormat().format(record("begun", run="team/demo", event="Accepted")))
    assert found == {
        "time": "2027-01-15T08:00:00Z",
        "level": "INFO",
        "message": "begun",
        "run": "team/demo",
        "event": "Accepted",
    }


def test_a_deleted_definition_prints_no_traceback_of_kopf(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class NotFoundError(Exception):
        status = 404

    root = logging.getLogger()
    before = root.handlers, root.level
    try:
        configure("json")
        for name, error in (("kopf.x", NotFoundError()), ("kopf.x", ValueError("other"))):
            logging.getLogger(name).error("watcher failed", exc_info=error)
    finally:
        root.handlers, root.level = before
    (line,) = capsys.readouterr().err.splitlines()
    assert "other" in json.loads(line)["exception"]
