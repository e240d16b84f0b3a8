"""What the person of a recording does; all that is random comes from outside."""

from __future__ import annotations

import math
from itertools import count
from random import Random

from vrdata.desktop.demo.desk import FILES, Act, Click, Desk, Key, Layout, Move, Scroll, Window

MILLISECOND = 10**6
MOVES = 8 * MILLISECOND
"""Between two events of a moving mouse: 125 per second."""
BACKSPACE, ENTER, SHIFT, SPACE = 0x08, 0x0D, 0xA0, 0x20
_ADJECTIVES = ("quiet", "early", "bright", "round", "northern", "second", "small", "open", "green")
_NOUNS = ("river", "garden", "window", "letter", "market", "bridge", "engine", "island", "report")


class Script:
    """Writes a note, saves it, opens a file of the list; again and again.

    Args:
        size: width and height of the screen in pixels.
        seconds: length of the recording.
        draw: random numbers; all that differs between recordings.

    Attributes:
        instruction: the task, as a sentence.
        start: the desktop before the first act.
        acts: in the order of time, each before the end.
        end: length in nanoseconds.
    """

    def __init__(self, size: tuple[int, int], seconds: float, draw: Random) -> None:
        self._draw = draw
        self.end = int(seconds * 1e9)
        self._at = draw.randint(80, 160) * MILLISECOND
        self._layout = Layout(size)
        width, height = size
        self.start = self._desk = Desk(
            self._layout, (draw.randrange(width // 2, width), draw.randrange(height // 2))
        )
        self.acts: list[Act] = []
        note, number = self._note(), draw.randrange(FILES)
        self.instruction = (
            f'Write "{note}" in the editor and save it. Then open file {number + 1} of the list.'
        )
        while self._at < self.end:
            self._do_task(note, number)
            note, number = self._note(), draw.randrange(FILES)

    def _do_task(self, note: str, number: int) -> None:
        editor = self._layout.windows[Window.EDITOR]
        self._click(*editor.center)
        self._type(note)
        self._wait(150, 400)
        self._click(*self._layout.save.center)
        self._open(number)
        self._wait(300, 900)

    def _note(self) -> str:
        return f"{self._draw.choice(_ADJECTIVES)} {self._draw.choice(_NOUNS)}".capitalize()

    def _wait(self, low: int, high: int) -> None:
        """Let a random number of milliseconds pass; events are not on whole ones."""
        self._at += int(self._draw.uniform(low, high) * MILLISECOND)

    def _add(self, act: Act) -> None:
        if act.at < self.end:
            self.acts.append(act)
            self._desk = self._desk.after(act)

    def _move(self, x: int, y: int) -> None:
        """Move the cursor as a hand does: slow at both ends, on a slight curve."""
        x0, y0 = self._desk.cursor
        distance = math.hypot(x - x0, y - y0)
        steps = max(int((0.15 + distance / (2.5 * self._layout.size[0])) * 1e9) // MOVES, 2)
        bend = self._draw.uniform(-0.12, 0.12)
        for step in range(1, steps + 1):
            self._at += MOVES + self._draw.randrange(-400_000, 400_000)
            t = step / steps
            done = t**3 * (10 - 15 * t + 6 * t * t)
            aside = bend * math.sin(math.pi * done)
            place = self._on_screen(
                x0 + (x - x0) * done - (y - y0) * aside, y0 + (y - y0) * done + (x - x0) * aside
            )
            if place != self._desk.cursor:
                self._add(Move(self._at, *place))

    def _on_screen(self, x: float, y: float) -> tuple[int, int]:
        width, height = self._layout.size
        return min(max(round(x), 0), width - 1), min(max(round(y), 0), height - 1)

    def _click(self, x: int, y: int) -> None:
        self._move(x, y)
        self._wait(40, 120)
        self._add(Click(self._at, x, y, pressed=True))
        self._wait(60, 110)
        self._add(Click(self._at, x, y, pressed=False))

    def _open(self, number: int) -> None:
        """Scroll until a file of the list is visible, and click it."""
        rows = self._layout.rows
        self._move(*rows[len(rows) // 2].center)
        for _ in range(FILES):
            above, below = number - self._desk.first, number - self._desk.first - len(rows)
            if (above >= 0 and below < 0) or self._at >= self.end:
                break
            self._wait(40, 90)
            self._add(Scroll(self._at, *self._desk.cursor, dy=1 if above < 0 else -1))
        row = min(max(number - self._desk.first, 0), len(rows) - 1)
        self._click(*rows[row].center)

    def _type(self, note: str) -> None:
        slip = self._draw.randrange(1, len(note))
        for place, character in zip(count(), note, strict=False):
            if place == slip:
                self._key("x")
                self._wait(120, 250)
                self._press(BACKSPACE, "\b")
            self._key(character)
        self._press(ENTER, "\n")

    def _key(self, character: str) -> None:
        """Type a letter or a space."""
        shift = character.isupper()
        if shift:
            self._add(Key(self._at, SHIFT, pressed=True))
            self._wait(30, 60)
        self._press(SPACE if character == " " else ord(character.upper()), character)
        if shift:
            self._add(Key(self._at, SHIFT, pressed=False))
            self._wait(20, 40)

    def _press(self, vk: int, text: str) -> None:
        self._add(Key(self._at, vk, True, text))
        self._wait(45, 80)
        self._add(Key(self._at, vk, pressed=False))
        self._wait(25, 90)
