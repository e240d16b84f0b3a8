"""Paint the desktop with Pillow."""

from __future__ import annotations

from functools import cache

from PIL import Image, ImageDraw, ImageFont

from vrdata.desktop.demo.desk import FILES, Desk, Rect, Window

CODE_BITS = 16
"""Each frame has its number in its bottom right corner: squares, the last one is the lowest bit."""
_BACK, _BAR, _PAPER, _INK, _FRAME = "#2f5d73", "#1c2730", "#fbfaf6", "#20262b", "#9aa7ad"
_TITLE = {True: "#c8663c", False: "#7b8a91"}
_BUTTON, _BUTTON_DOWN, _SELECTED = "#dfe6e8", "#aebcc2", "#f3d9a4"


def paint(desk: Desk, number: int, size: tuple[int, int]) -> Image.Image:
    """A frame.

    Args:
        desk: what it shows.
        number: of the frame.
        size: width and height in pixels; more than the screen's is black.

    Returns:
        An RGB picture.
    """
    picture = Image.new("RGB", size)
    draw = ImageDraw.Draw(picture)
    draw.rectangle(_box(Rect(0, 0, *desk.layout.size)), _BACK)
    for window in sorted(Window, key=lambda one: one is desk.window):
        _window(draw, desk, window)
    _taskbar(draw, desk, number)
    _cursor(draw, desk)
    return picture


def code_square(size: tuple[int, int], bit: int) -> Rect:
    """Where a bit of the frame's number is on a screen; bit 0 is the lowest."""
    width, height = size
    side = max(height // 90, 4)
    right = width - side * (bit + 1)
    return Rect(right - side, height - 2 * side, right, height - side)


def _window(draw: ImageDraw.ImageDraw, desk: Desk, window: Window) -> None:
    rect, line = desk.layout.windows[window], desk.layout.line
    draw.rectangle(_box(rect), _PAPER, _FRAME)
    title = Rect(rect.left, rect.top, rect.right, rect.top + line * 5 // 4)
    draw.rectangle(_box(title), _TITLE[window is desk.window], _FRAME)
    _text(draw, desk, (title.left + 6, title.top + 1), window.value, "white")
    if window is Window.EDITOR:
        _editor(draw, desk, title.bottom + 4)
    else:
        _files(draw, desk)


def _editor(draw: ImageDraw.ImageDraw, desk: Desk, top: int) -> None:
    layout = desk.layout
    left = layout.windows[Window.EDITOR].left + 8
    fitting = max((layout.save.top - top) // layout.line, 1)
    lines = desk.text.split("\n")[-fitting:]
    for number, line in enumerate(lines):
        _text(draw, desk, (left, top + number * layout.line), line)
    caret = left + int(_font(layout.line).getlength(lines[-1])) + 1
    if desk.window is Window.EDITOR:
        y = top + (len(lines) - 1) * layout.line
        draw.line((caret, y + 2, caret, y + layout.line - 2), _INK, max(layout.line // 12, 1))
    down = bool(desk.buttons) and layout.save.has(*desk.cursor)
    draw.rectangle(_box(layout.save), _BUTTON_DOWN if down else _BUTTON, _FRAME)
    label = "Saved" if desk.saved and desk.saved == desk.text else "Save"
    _text(draw, desk, (layout.save.left + 6, layout.save.top + 2), label)


def _files(draw: ImageDraw.ImageDraw, desk: Desk) -> None:
    for number, row in enumerate(desk.layout.rows, desk.first):
        if number >= FILES:
            break
        if number == desk.opened:
            draw.rectangle(_box(row), _SELECTED)
        _text(draw, desk, (row.left + 4, row.top), f"file {number + 1}")


def _taskbar(draw: ImageDraw.ImageDraw, desk: Desk, number: int) -> None:
    bar = desk.layout.taskbar
    draw.rectangle(_box(bar), _BAR)
    opened = "" if desk.opened is None else f"open: file {desk.opened + 1}"
    _text(draw, desk, (bar.left + 6, bar.top), opened, "white")
    for bit in range(CODE_BITS):
        color = "white" if number >> bit & 1 else "black"
        draw.rectangle(_box(code_square(desk.layout.size, bit)), color)


def _cursor(draw: ImageDraw.ImageDraw, desk: Desk) -> None:
    x, y = desk.cursor
    side = desk.layout.line
    fill = "#ffd400" if desk.buttons else "white"
    arrow = [(x, y), (x, y + side), (x + side // 4, y + side * 3 // 4), (x + side * 2 // 3, y + side * 2 // 3)]  # fmt: skip  # noqa: E501
    draw.polygon(arrow, fill, "black")


def _text(
    draw: ImageDraw.ImageDraw, desk: Desk, at: tuple[int, int], text: str, fill: str = _INK
) -> None:
    draw.text(at, text, fill, _font(desk.layout.line))


@cache
def _font(line: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(line * 3 // 4)


def _box(rect: Rect) -> tuple[int, int, int, int]:
    """For Pillow, whose rectangles have their right and bottom inside."""
    return rect.left, rect.top, rect.right - 1, rect.bottom - 1
