"""The status as another release of the operator may have written it."""

from vrdata.api.status import GenerationRunStatus


def test_fields_of_a_later_release_are_let_through() -> None:
    later = {
        "phase": "Running",
        "invented": 1,
        "samples": {"desired": 5, "succeeded": 2, "guessed": 1},
        "conditions": [
            {
                "type": "Accepted",
                "status": "True",
                "reason": "Planned",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
                "severity": "low",
            }
        ],
    }
    status = GenerationRunStatus.model_validate(later)
    assert (status.phase, status.samples.succeeded) == ("Running", 2)
