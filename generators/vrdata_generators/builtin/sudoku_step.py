"""O-sudoku-step: fill the marked fields of a sudoku, each with its only possible number."""

from __future__ import annotations

import random
from functools import lru_cache
from typing import ClassVar, Literal

from PIL import Image

from vrdata_generators.api import Generator, Params, Sample
from vrdata_generators.drawing import INK, MUTED, Canvas
from vrdata_generators.frames import Timeline

MEASURED = {"secondsPerSample": 0.19, "peakMemoryBytes": 77_000_000, "bytesPerSample": 88_000}
MARK, NEW = (255, 233, 168), (52, 110, 197)
BOX = 3
SIDE = BOX * BOX
STEPS = {"easy": (1, 2), "medium": (3, 4), "hard": (5, 7)}
EXTRA_HOLES = {"easy": 24, "medium": 32, "hard": 40}
Grid = list[list[int]]


class SudokuStep(Generator):
    """Every step is forced: row, column and box leave one candidate for the field."""

    name: ClassVar[str] = "O-sudoku-step"
    domain: ClassVar[str] = "sudoku_step"
    generator_class: ClassVar[Literal["O", "G"]] = "O"

    def params(self, rng: random.Random, index: int) -> Params:
        """A full grid with holes; then the forced fields, in the order they become forced."""
        difficulty = ("easy", "medium", "hard")[index % 3]
        full = full_grid(rng)
        wanted = rng.randint(*STEPS[difficulty])
        grid = punch(full, EXTRA_HOLES[difficulty], rng)
        return {
            "difficulty": difficulty,
            "size": 512,
            "grid": grid,
            "steps": forced_steps(grid, wanted),
        }

    def render(self, params: Params) -> Sample:
        """Fill one field after the other."""
        steps = params["steps"]

        @lru_cache(maxsize=1)  # six consecutive frames show the same grid
        def board(filled: int) -> Image.Image:
            return _picture(params, filled)

        def picture(t: float) -> Image.Image:
            return board(round(t * len(steps) * 6) // 6)

        return Sample(
            first=picture(0.0),
            final=picture(1.0),
            prompt=(
                f"The picture shows a sudoku with {len(steps)} marked "
                f"{'field' if len(steps) == 1 else 'fields'}. Fill the marked fields one by one, "
                "in the order given by their small letters: each has exactly one number that is "
                "not yet in its row, its column or its box. Write the numbers in blue and leave "
                "the rest as it is."
            ),
            frames=Timeline(picture, 6 * len(steps), hold=6),
            ground_truth={
                "fills": [{"row": row, "column": column, "value": v} for row, column, v in steps]
            },
        )


def full_grid(rng: random.Random) -> Grid:
    """A valid filled grid: the cyclic one with rows, columns and digits shuffled."""
    rows = _shuffled_lines(rng)
    columns = _shuffled_lines(rng)
    digits = rng.sample(range(1, SIDE + 1), SIDE)
    return [
        [digits[(BOX * (row % BOX) + row // BOX + column) % SIDE] for column in columns]
        for row in rows
    ]


def _shuffled_lines(rng: random.Random) -> list[int]:
    return [
        band * BOX + line
        for band in rng.sample(range(BOX), BOX)
        for line in rng.sample(range(BOX), BOX)
    ]


def punch(full: Grid, holes: int, rng: random.Random) -> Grid:
    """Empty fields so that repeatedly filling the forced ones restores the grid.

    A field stays empty only if its number follows from row, column and box at that moment, so the
    fields can be filled in reverse order and the solution is unique.
    """
    grid = [row[:] for row in full]
    fields = [(row, column) for row in range(SIDE) for column in range(SIDE)]
    rng.shuffle(fields)
    for row, column in fields:
        if holes == 0:
            break
        value, grid[row][column] = grid[row][column], 0
        if candidates(grid, row, column) == {value}:
            holes -= 1
        else:
            grid[row][column] = value
    return grid


def candidates(grid: Grid, row: int, column: int) -> set[int]:
    """The numbers that are not in the row, column or box of a field."""
    top, left = row - row % BOX, column - column % BOX
    used = set(grid[row]) | {line[column] for line in grid}
    used |= {grid[top + y][left + x] for y in range(BOX) for x in range(BOX)}
    return set(range(1, SIDE + 1)) - used


def forced_steps(grid: Grid, wanted: int) -> list[list[int]]:
    """The first `wanted` forced fields in reading order: [row, column, value]."""
    grid = [row[:] for row in grid]
    steps: list[list[int]] = []
    while len(steps) < wanted:
        step = next(
            [row, column, *candidates(grid, row, column)]
            for row in range(SIDE)
            for column in range(SIDE)
            if grid[row][column] == 0 and len(candidates(grid, row, column)) == 1
        )
        grid[step[0]][step[1]] = step[2]
        steps.append(step)
    return steps


def _picture(params: Params, filled: int) -> Image.Image:
    canvas = Canvas(params["size"])
    margin = 31.0
    cell = (params["size"] - 2 * margin) / SIDE
    for number, (row, column, value) in enumerate(params["steps"]):
        left, top = margin + column * cell, margin + row * cell
        canvas.rectangle((left, top, left + cell, top + cell), MARK)
        if number < filled:
            canvas.text((left + cell / 2, top + cell / 2), str(value), cell * 0.56, NEW)
        canvas.text((left + cell * 0.17, top + cell * 0.2), "abcdefg"[number], cell * 0.24)
    for row, line in enumerate(params["grid"]):
        for column, value in enumerate(line):
            if value:
                centre = (margin + (column + 0.5) * cell, margin + (row + 0.5) * cell)
                canvas.text(centre, str(value), cell * 0.56)
    _lines(canvas, margin, cell)
    return canvas.picture()


def _lines(canvas: Canvas, margin: float, cell: float) -> None:
    end = margin + SIDE * cell
    for thick in (False, True):
        for number in range(SIDE + 1):
            if (number % BOX == 0) is not thick:
                continue
            half, colour = (1.75, INK) if thick else (0.75, MUTED)
            at = margin + number * cell
            canvas.rectangle((at - half, margin - half, at + half, end + half), colour)
            canvas.rectangle((margin - half, at - half, end + half, at + half), colour)
