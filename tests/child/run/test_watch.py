"""Whether a script has left the sample that it began last, as its calls show."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from vrdata_child.run.watch import Place, Stack, left


def stack() -> Stack:
    """The calls of the caller, as the watch sees them."""
    places: list[Place] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        counters = {name: value for name, value in frame.f_locals.items() if type(value) is int}
        places.append(Place((id(frame), frame.f_code), frame.f_lasti, counters))
        frame = frame.f_back
    return tuple(reversed(places))


class Script:
    """Records where samples are begun, and where the script is when it ends."""

    def __init__(self) -> None:
        self.begun: list[Stack] = []
        self.end: Stack = ()

    def begin(self) -> None:
        self.begun.append(stack())

    def stop(self) -> None:
        self.end = stack()

    @property
    def has_left(self) -> bool:
        return left(self.begun, self.end)


def at_the_top(script: Script) -> None:
    for number in range(5):
        if number == 4:
            script.stop()
            return
        script.begin()


def in_the_middle(script: Script) -> None:
    for number in range(4):
        script.begin()
        if number == 3:
            script.stop()
            return


def in_a_function_per_sample(script: Script) -> None:
    def sample(number: int) -> None:
        if number == 4:
            script.stop()
            return
        script.begin()

    for number in range(5):
        sample(number)


def in_a_helper_of_the_same_sample(script: Script) -> None:
    def sample(number: int) -> None:
        script.begin()
        if number == 3:
            finish()

    def finish() -> None:
        script.stop()

    for number in range(4):
        sample(number)


def in_a_loop_over_files(script: Script) -> None:
    for number in range(4):
        begun = False
        for _name in ("first", "second"):
            if number == 3 and begun:
                script.stop()
                return
            if not begun:
                script.begin()
                begun = True


def in_two_steps(script: Script) -> None:
    for number in range(5):
        if number == 4:
            script.stop()
            return
        script.begin()  # a temporary folder
        script.begin()  # its final name


def without_a_counter(script: Script) -> None:
    names = iter("abcde")
    for name in names:
        if name == "e":
            script.stop()
            return
        script.begin()


def in_a_generator(script: Script) -> None:
    def numbers() -> Iterator[int]:
        for number in range(5):
            if number == 4:
                script.stop()
                return
            yield number

    for number in numbers():
        del number
        script.begin()


def with_a_counter_of_its_own(script: Script) -> None:
    number = 0
    while True:
        if number == 8:
            script.stop()
            return
        script.begin()
        number += 2


@pytest.mark.parametrize(
    "body", [at_the_top, in_a_function_per_sample, in_two_steps, with_a_counter_of_its_own]
)
def test_a_loop_that_has_begun_its_next_turn_has_left_the_sample(
    body: Callable[[Script], None],
) -> None:
    script = Script()
    body(script)
    assert script.has_left


@pytest.mark.parametrize(
    "body",
    [
        in_the_middle,
        in_a_helper_of_the_same_sample,
        in_a_loop_over_files,
        without_a_counter,
        in_a_generator,
    ],
)
def test_a_script_that_may_still_be_in_the_sample_has_not_left_it(
    body: Callable[[Script], None],
) -> None:
    script = Script()
    body(script)
    assert not script.has_left
