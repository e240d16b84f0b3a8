"""A small desktop: its windows, and what input does to them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

MIN_SIZE, MAX_SIZE = (160, 120), (3840, 2160)
LEFT = "left"
FILES = 40
"""Number of files in the list."""


class Rect(NamedTuple):
    """Left, top, right and bottom in pixels; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def center(self) -> tuple[int, int]:
        """The pixel in the middle."""
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2

    def has(self, x: int, y: int) -> bool:
        """Whether a pixel is inside."""
        return self.left <= x < self.right and self.top <= y < self.bottom


class Window(StrEnum):
    """The windows, by their titles."""

    EDITOR = "Notes - Editor"
    FILES = "Files"


class Move(NamedTuple):
    """The cursor moves. `at` is nanoseconds since the recording began, here and below."""

    at: int
    x: int
    y: int


class Click(NamedTuple):
    """The left button goes down or up."""

    at: int
    x: int
    y: int
    pressed: bool


class Scroll(NamedTuple):
    """The wheel turns by `dy` steps; negative = down."""

    at: int
    x: int
    y: int
    dy: int


class Key(NamedTuple):
    """A key goes down or up.

    Attributes:
        vk: Windows virtual key code.
        text: what it types; a backspace (ASCII 8) removes a character.
    """

    at: int
    vk: int
    pressed: bool
    text: str = ""


Act = Move | Click | Scroll | Key


@dataclass(frozen=True)
class Layout:
    """Where things are on a screen.

    Args:
        size: width and height in pixels.
    """

    size: tuple[int, int]

    @cached_property
    def windows(self) -> dict[Window, Rect]:
        """The rectangle of each window."""
        width, height = self.size
        bottom = self.taskbar.top - height // 20
        return {
            Window.EDITOR: Rect(width // 25, height // 14, width * 3 // 5, bottom),
            Window.FILES: Rect(width * 16 // 25, height // 8, width * 24 // 25, bottom),
        }

    @cached_property
    def taskbar(self) -> Rect:
        """The bar at the bottom."""
        width, height = self.size
        return Rect(0, height - max(height // 14, 12), width, height)

    @cached_property
    def line(self) -> int:
        """Height of a line of text."""
        return max(self.size[1] // 18, 10)

    @cached_property
    def save(self) -> Rect:
        """The button of the editor."""
        left, _, right, bottom = self.windows[Window.EDITOR]
        height = self.line * 3 // 2
        return Rect(max(right - 4 * height, left + 4), bottom - height - 4, right - 4, bottom - 4)

    @cached_property
    def rows(self) -> list[Rect]:
        """The visible rows of the list of files."""
        left, top, right, bottom = self.windows[Window.FILES]
        first = top + self.line * 3 // 2
        return [
            Rect(left + 2, y, right - 2, y + self.line)
            for y in range(first, bottom - self.line, self.line)
        ]


@dataclass(frozen=True)
class Desk:
    """What the desktop shows. Two are equal if they look the same.

    Attributes:
        layout: where things are.
        cursor: x and y of the pointer in pixels.
        window: the one in the foreground.
        text: of the editor.
        saved: the text that was saved.
        first: number of the first visible file of the list.
        opened: number of the file that was clicked; None = none.
        buttons: that are held down.
        keys: virtual key codes that are held down.
    """

    layout: Layout
    cursor: tuple[int, int]
    window: Window = Window.FILES
    text: str = ""
    saved: str = ""
    first: int = 0
    opened: int | None = None
    buttons: tuple[str, ...] = ()
    keys: tuple[int, ...] = field(default=(), compare=False)

    def after(self, act: Act) -> Desk:
        """The desktop after an input."""
        match act:
            case Move(_, x, y):
                return replace(self, cursor=(x, y))
            case Click(_, x, y, pressed):
                return self._clicked(x, y) if pressed else replace(self, buttons=())
            case Scroll(dy=dy):
                last = max(FILES - len(self.layout.rows), 0)
                return replace(self, first=min(max(self.first - dy, 0), last))
            case _:
                return self._typed(act)

    def _clicked(self, x: int, y: int) -> Desk:
        layout = self.layout
        window = next((w for w, rect in layout.windows.items() if rect.has(x, y)), self.window)
        rows = (n for n, rect in enumerate(layout.rows, self.first) if rect.has(x, y))
        return replace(
            self,
            buttons=(LEFT,),
            window=window,
            saved=self.text if layout.save.has(x, y) else self.saved,
            opened=next(rows, self.opened),
        )

    def _typed(self, key: Key) -> Desk:
        others = tuple(vk for vk in self.keys if vk != key.vk)
        if not key.pressed:
            return replace(self, keys=others)
        text = self.text
        if self.window is Window.EDITOR:
            text = text[:-1] if key.text == "\b" else text + key.text
        return replace(self, keys=(*others, key.vk), text=text)
