"""O-maze: find the only path from the green to the red field."""

from __future__ import annotations

import random
from typing import ClassVar, Literal

from PIL import Image

from vrdata_generators.api import Generator, Params, Sample
from vrdata_generators.drawing import INK, PAPER, Canvas, Point, between
from vrdata_generators.frames import Timeline

MEASURED = {"secondsPerSample": 0.19, "peakMemoryBytes": 79_000_000, "bytesPerSample": 29_000}
Cell = tuple[int, int]
START, GOAL, WAY = (60, 155, 92), (214, 69, 65), (52, 110, 197)
SIZES = {"easy": (5, 7), "medium": (8, 11), "hard": (12, 16)}
STEPS = ((1, 0), (-1, 0), (0, 1), (0, -1))


class Maze(Generator):
    """A perfect maze: exactly one path connects any two fields."""

    name: ClassVar[str] = "O-maze"
    domain: ClassVar[str] = "maze"
    generator_class: ClassVar[Literal["O", "G"]] = "O"

    def params(self, rng: random.Random, index: int) -> Params:
        """A spanning tree of the grid by a random depth-first walk."""
        difficulty = ("easy", "medium", "hard")[index % 3]
        cells = rng.randint(*SIZES[difficulty])
        return {
            "difficulty": difficulty,
            "cells": cells,
            "size": 512,
            "passages": [[*a, *b] for a, b in carve(cells, rng)],
            "start": [0, rng.randrange(cells)],
            "goal": [cells - 1, rng.randrange(cells)],
        }

    def render(self, params: Params) -> Sample:
        """Draw the path field by field."""
        passages = {((a, b), (c, d)) for a, b, c, d in params["passages"]}
        start, goal = tuple(params["start"]), tuple(params["goal"])
        way = solve(passages, start, goal)
        board = _board(params, passages)

        def picture(t: float) -> Image.Image:
            return _picture(board, params, way, t)

        return Sample(
            first=picture(0.0),
            final=picture(1.0),
            prompt=(
                f"The picture shows a maze of {params['cells']} by {params['cells']} fields. "
                "Starting at the green field, draw a blue line along the only way through the "
                "maze to the red field, without crossing a wall and without a detour."
            ),
            frames=Timeline(picture, min(48, max(20, 2 * len(way)))),
            ground_truth={"path": [list(cell) for cell in way], "steps": len(way) - 1},
        )


def _picture(board: Canvas, params: Params, way: list[Cell], t: float) -> Image.Image:
    """The picture with the first fraction t of the path drawn."""
    canvas = board.copy()
    cell, margin = _measure(params)
    points = [_centre(field, cell, margin) for field in way]
    if t > 0:
        canvas.line(partial(points, t), WAY, cell * 0.28)
    canvas.circle(points[0], cell * 0.3, START)
    canvas.circle(points[-1], cell * 0.3, GOAL)
    return canvas.picture()


def carve(cells: int, rng: random.Random) -> list[tuple[Cell, Cell]]:
    """The passages of a spanning tree of the grid, each from a visited field to a new one."""
    here: Cell = (rng.randrange(cells), rng.randrange(cells))
    seen, trail = {here}, [here]
    passages = []
    while trail:
        x, y = trail[-1]
        free = [
            (x + dx, y + dy)
            for dx, dy in STEPS
            if 0 <= x + dx < cells and 0 <= y + dy < cells and (x + dx, y + dy) not in seen
        ]
        if not free:
            trail.pop()
            continue
        following = rng.choice(free)
        passages.append(((x, y), following))
        seen.add(following)
        trail.append(following)
    return passages


def solve(passages: set[tuple[Cell, Cell]], start: Cell, goal: Cell) -> list[Cell]:
    """The fields of the only path, both ends included (breadth-first search)."""
    neighbours: dict[Cell, list[Cell]] = {}
    for a, b in sorted(passages):
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    came: dict[Cell, Cell] = {start: start}
    wave = [start]
    while goal not in came:
        wave = [
            came.setdefault(after, cell) and after
            for cell in wave
            for after in neighbours.get(cell, [])
            if after not in came
        ]
    way = [goal]
    while way[-1] != start:
        way.append(came[way[-1]])
    return way[::-1]


def partial(points: list[Point], t: float) -> list[Point]:
    """The first fraction t of a line of equal segments."""
    length = t * (len(points) - 1)
    whole = min(int(length), len(points) - 1)
    shown = points[: whole + 1]
    if whole < len(points) - 1:
        shown.append(between(points[whole], points[whole + 1], length - whole))
    return shown


def _board(params: Params, passages: set[tuple[Cell, Cell]]) -> Canvas:
    canvas = Canvas(params["size"])
    cell, margin = _measure(params)
    wall = max(2.0, cell * 0.09)
    span = cell * params["cells"]
    edge = margin - wall / 2
    canvas.rectangle((edge, edge, edge + span + wall, edge + span + wall), INK)
    for x in range(params["cells"]):
        for y in range(params["cells"]):
            canvas.rectangle(_field((x, y), (x, y), cell, margin, wall), PAPER)
    for a, b in sorted(passages):
        canvas.rectangle(_field(min(a, b), max(a, b), cell, margin, wall), PAPER)
    return canvas


def _field(
    first: Cell, last: Cell, cell: float, margin: float, wall: float
) -> tuple[float, float, float, float]:
    half = wall / 2
    return (
        margin + first[0] * cell + half,
        margin + first[1] * cell + half,
        margin + (last[0] + 1) * cell - half,
        margin + (last[1] + 1) * cell - half,
    )


def _centre(field: Cell, cell: float, margin: float) -> Point:
    return (margin + (field[0] + 0.5) * cell, margin + (field[1] + 0.5) * cell)


def _measure(params: Params) -> tuple[float, float]:
    """The sizes of a field and of the margin, in pixels."""
    margin = 24.0
    return (params["size"] - 2 * margin) / params["cells"], margin
