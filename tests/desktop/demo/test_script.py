"""What the person of a made recording does, for any screen and seed."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from vrdata.desktop.demo.desk import MAX_SIZE, MIN_SIZE, Click, Key
from vrdata.desktop.demo.screens import captures
from vrdata.desktop.demo.script import Script

SIZES = st.tuples(*(st.integers(*ends) for ends in zip(MIN_SIZE, MAX_SIZE, strict=True)))


def script(size: tuple[int, int], seconds: float, seed: int) -> Script:
    return Script(size, seconds, Random(seed))  # noqa: S311 - reproducible


@settings(max_examples=30, deadline=None)
@given(SIZES, st.floats(1, 20), st.integers(0, 2**32))
@example((160, 2160), 20, 0)
@example((3840, 120), 20, 0)
def test_input_is_what_a_person_can_do(size: tuple[int, int], seconds: float, seed: int) -> None:
    made = script(size, seconds, seed)
    assert all(0 <= a.at <= b.at < seconds * 1e9 for a, b in pairwise(made.acts))
    desk = made.start
    for act in made.acts:
        if isinstance(act, Key):
            assert act.pressed != (act.vk in desk.keys), "pressed twice, or released while up"
        else:
            assert 0 <= act.x < size[0]
            assert 0 <= act.y < size[1]
        if isinstance(act, Click):
            assert act.pressed != bool(desk.buttons)
            assert (act.x, act.y) == desk.cursor
        desk = desk.after(act)


@settings(max_examples=30, deadline=None)
@given(SIZES, st.integers(0, 2**32))
@example((160, 2160), 0)
@example((3840, 120), 0)
def test_the_task_of_the_instruction_is_done(size: tuple[int, int], seed: int) -> None:
    made = script(size, 60, seed)
    note, number = (
        made.instruction.split('"')[1],
        int(made.instruction.split("file ")[1].split()[0]),
    )
    seen, desk = [], made.start
    for act in made.acts:
        desk = desk.after(act)
        seen.append((desk.saved, desk.opened))
    assert (note + "\n", number - 1) in seen


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_a_frame_shows_the_desktop_at_its_time(seed: int) -> None:
    made = script((320, 240), 5, seed)
    found = list(captures(made.start, made.acts, made.end, Random(seed)))  # noqa: S311
    for frame in found:
        desk = made.start
        for act in made.acts:
            if act.at <= frame.pts:
                desk = desk.after(act)
        assert frame.desk == desk
    gaps = [b.pts - a.pts for a, b in pairwise(found)]
    assert min(gaps) > 30_000_000
    assert max(gaps) < 1_100_000_000
