"""O-sliding-tiles: slide numbered tiles into order by given moves."""

from __future__ import annotations

import random
from typing import ClassVar, Literal

from PIL import Image

from vrdata_generators.api import Generator, Params, Sample
from vrdata_generators.drawing import INK, Canvas, Point, between, ease
from vrdata_generators.frames import Timeline

MEASURED = {"secondsPerSample": 0.26, "peakMemoryBytes": 77_000_000, "bytesPerSample": 64_000}
TRAY, TILE, LETTER = (214, 208, 196), (245, 201, 120), (96, 62, 20)
MOVES = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}
OPPOSITE = {"up": "down", "down": "up", "left": "right", "right": "left"}
LENGTHS = {"easy": (2, 3), "medium": (4, 6), "hard": (7, 9)}
Board = dict[tuple[int, int], int]


class SlidingTiles(Generator):
    """The start is the solved board with moves undone, so the moves are a solution."""

    name: ClassVar[str] = "O-sliding-tiles"
    domain: ClassVar[str] = "sliding_tiles"
    generator_class: ClassVar[Literal["O", "G"]] = "O"

    def params(self, rng: random.Random, index: int) -> Params:
        """Walk the gap away from the solved board without stepping back."""
        difficulty = ("easy", "medium", "hard")[index % 3]
        side = 3 if difficulty == "easy" else rng.choice((3, 4))
        board, gap = solved(side), (side - 1, side - 1)
        undone: list[str] = []
        for _ in range(rng.randint(*LENGTHS[difficulty])):
            possible = [
                name
                for name, (dx, dy) in MOVES.items()
                if (gap[0] - dx, gap[1] - dy) in board
                and (not undone or name != OPPOSITE[undone[-1]])
            ]
            move = rng.choice(possible)
            gap = slide(board, gap, move)
            undone.append(move)
        return {
            "difficulty": difficulty,
            "side": side,
            "size": 512,
            "tiles": [[x, y, number] for (x, y), number in sorted(board.items())],
            "gap": list(gap),
            "moves": [OPPOSITE[move] for move in reversed(undone)],
        }

    def render(self, params: Params) -> Sample:
        """Slide one tile after the other."""
        moves = params["moves"]

        def picture(t: float) -> Image.Image:
            return _picture(params, t * len(moves))

        return Sample(
            first=picture(0.0),
            final=picture(1.0),
            prompt=(
                f"The tray holds the numbers 1 to {params['side'] ** 2 - 1} and one gap. Slide "
                f"the tiles with these {len(moves)} moves, one after the other (the word says "
                f"where the tile goes): {', '.join(moves)}. At the end the numbers are in order, "
                "row by row, with the gap at the bottom right."
            ),
            frames=Timeline(picture, 5 * len(moves)),
            ground_truth={"moves": moves},
        )


def solved(side: int) -> Board:
    """Numbers in order, row by row; the last field is the gap."""
    fields = [(x, y) for y in range(side) for x in range(side)]
    return {field: number for number, field in enumerate(fields[:-1], start=1)}


def slide(board: Board, gap: tuple[int, int], move: str) -> tuple[int, int]:
    """Move the tile beside the gap in direction `move`; returns the new gap."""
    dx, dy = MOVES[move]
    tile = (gap[0] - dx, gap[1] - dy)
    board[gap] = board.pop(tile)
    return tile


def _picture(params: Params, progress: float) -> Image.Image:
    board = {(x, y): number for x, y, number in params["tiles"]}
    gap = (params["gap"][0], params["gap"][1])
    whole = min(int(progress), len(params["moves"]))
    for move in params["moves"][:whole]:
        gap = slide(board, gap, move)
    moving: tuple[int, int] | None = None
    if whole < len(params["moves"]):
        dx, dy = MOVES[params["moves"][whole]]
        moving = (gap[0] - dx, gap[1] - dy)
    canvas = Canvas(params["size"])
    canvas.rectangle((36, 36, params["size"] - 36, params["size"] - 36), TRAY, 18)
    for field, number in sorted(board.items()):
        place: Point = field
        if field == moving:
            place = between(field, gap, ease(progress - whole))
        _tile(canvas, params, place, number)
    return canvas.picture()


def _tile(canvas: Canvas, params: Params, place: Point, number: int) -> None:
    margin, inset = 44.0, 4.0
    cell = (params["size"] - 2 * margin) / params["side"]
    left, top = margin + place[0] * cell, margin + place[1] * cell
    box = (left + inset, top + inset, left + cell - inset, top + cell - inset)
    shadow = tuple(value + shift for value, shift in zip(box, (0, 3, 0, 3), strict=True))
    canvas.rectangle(shadow, INK, 14)
    canvas.rectangle(box, TILE, 14)
    canvas.text((left + cell / 2, top + cell / 2), str(number), cell * 0.42, LETTER)
