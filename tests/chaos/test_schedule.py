"""The schedule of a chaos run, and its table."""

from __future__ import annotations

from chaos.schedule import Record, scaled, schedule

ACTIONS = {"KILL worker": 5, "store down": 2}


def test_the_same_seed_gives_the_same_schedule() -> None:
    steps = schedule(3, ACTIONS)
    assert steps == schedule(3, ACTIONS)
    assert steps != schedule(4, ACTIONS)
    assert sorted(step.action for step in steps) == ["KILL worker"] * 5 + ["store down"] * 2
    assert [step.share for step in steps] == sorted(step.share for step in steps)


def test_a_schedule_is_scaled_to_an_exact_number_of_actions() -> None:
    assert scaled({"a": 5, "b": 2, "c": 3}, 100) == {"a": 50, "b": 20, "c": 30}
    assert scaled({"a": 1, "b": 1, "c": 1}, 100) == {"a": 34, "b": 33, "c": 33}
    assert sum(scaled({"a": 5, "b": 2, "c": 7}, 23).values()) == 23


def test_the_table_tells_what_was_done_how_it_ended_and_what_the_audit_found() -> None:
    record = Record("laptop", 3, outcome="Succeeded", hash_equal=True, seconds=61.4)
    record.done["KILL worker"] += 5
    record.missed["KILL block"] += 1
    record.ends["exit 0"] += 1
    assert record.well
    assert record.lines() == [
        "laptop, seed 3: Succeeded in 61 s",
        "  disturbance    done  no target",
        "  KILL block        0          1",
        "  KILL worker       5          0",
        "  ended: exit 0: 1",
        "  audit: nothing missing, doubled, torn or orphaned; dataset hash equal",
    ]
    record.charged = 1
    assert not record.well
    record.charged = 0
    record.notes.append("no retry was charged")
    assert "  no retry was charged" in record.lines()
    record.findings.append("torn: one.tar: it is cut")
    assert not record.well
    assert record.lines()[-2:] == [
        "  audit: 1 torn; dataset hash equal",
        "    torn: one.tar: it is cut",
    ]
