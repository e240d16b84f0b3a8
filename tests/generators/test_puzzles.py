"""Ground truth of the O generators, checked against an independent version of the rules."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vrdata_generators.api import Params, Sample, sample_rng
from vrdata_generators.drawing import INK
from vrdata_generators.registry import get_generator

SEEDS = st.integers(0, 2**31 - 1)
POSITIONS = st.integers(0, 99)
many = settings(max_examples=settings.default.max_examples // 3)  # drawing is slow


def make(name: str, seed: int, position: int) -> tuple[Params, Sample]:
    generator = get_generator(name)
    params = generator.params(sample_rng(seed, position), position)
    return params, generator.render(params)


def distances(edges: list[list[int]], start: tuple[int, int]) -> dict[tuple[int, int], int]:
    """Steps from the start to every field that can be reached, by relaxing edges."""
    known = {start: 0}
    for _ in range(len(edges) + 1):
        before = dict(known)
        for ax, ay, bx, by in edges:
            for here, there in (((ax, ay), (bx, by)), ((bx, by), (ax, ay))):
                if here in known:
                    known[there] = min(known.get(there, 10**9), known[here] + 1)
        if known == before:
            break
    return known


@many
@given(seed=SEEDS, position=POSITIONS)
def test_a_maze_is_a_tree_over_all_fields(seed: int, position: int) -> None:
    params, _ = make("O-maze", seed, position)
    cells, edges = params["cells"], params["passages"]
    assert len(edges) == cells**2 - 1
    assert all(abs(ax - bx) + abs(ay - by) == 1 for ax, ay, bx, by in edges)
    reached = distances(edges, (0, 0))
    assert reached.keys() == {(x, y) for x in range(cells) for y in range(cells)}


@many
@given(seed=SEEDS, position=POSITIONS)
def test_the_path_through_a_maze_is_open_and_the_shortest(seed: int, position: int) -> None:
    params, sample = make("O-maze", seed, position)
    way = sample.ground_truth["path"]
    opened = {frozenset(((ax, ay), (bx, by))) for ax, ay, bx, by in params["passages"]}
    steps = [frozenset((tuple(a), tuple(b))) for a, b in pairwise(way)]
    assert (way[0], way[-1]) == (params["start"], params["goal"])
    assert set(steps) <= opened
    shortest = distances(params["passages"], tuple(params["start"]))[tuple(params["goal"])]
    assert len(steps) == sample.ground_truth["steps"] == shortest


@pytest.mark.parametrize("position", range(3))
def test_a_maze_is_drawn_with_walls_exactly_where_it_has_no_passage(position: int) -> None:
    params, sample = make("O-maze", 5, position)
    cell = (512 - 48) / params["cells"]
    opened = {frozenset(((ax, ay), (bx, by))) for ax, ay, bx, by in params["passages"]}
    for x in range(params["cells"]):
        for y in range(params["cells"]):
            for there in ((x + 1, y), (x, y + 1)):
                if max(there) == params["cells"]:
                    continue
                edge = tuple(
                    24 + (a + b + 1) / 2 * cell for a, b in zip((x, y), there, strict=True)
                )
                wall = sample.first.getpixel((int(edge[0]), int(edge[1]))) == INK
                assert wall is (frozenset(((x, y), there)) not in opened), ((x, y), there)


@many
@given(seed=SEEDS, position=POSITIONS)
def test_the_moves_put_the_tiles_in_order(seed: int, position: int) -> None:
    params, sample = make("O-sliding-tiles", seed, position)
    side = params["side"]
    flat = [0] * side**2
    for x, y, number in params["tiles"]:
        flat[y * side + x] = number
    assert sorted(flat) == list(range(side**2))
    assert flat != [*range(1, side**2), 0]
    for move in sample.ground_truth["moves"]:
        gap = flat.index(0)
        row, column = divmod(gap, side)
        # The tile moves in the named direction, so it comes from the other side of the gap.
        row += {"up": 1, "down": -1}.get(move, 0)
        column += {"left": 1, "right": -1}.get(move, 0)
        assert 0 <= row < side
        assert 0 <= column < side
        tile = row * side + column
        flat[gap], flat[tile] = flat[tile], 0
    assert flat == [*range(1, side**2), 0]
    assert ", ".join(sample.ground_truth["moves"]) in sample.prompt


@many
@given(seed=SEEDS, position=POSITIONS)
def test_no_move_undoes_the_previous_one(seed: int, position: int) -> None:
    params, _ = make("O-sliding-tiles", seed, position)
    for pair in pairwise(params["moves"]):
        assert set(pair) not in ({"up", "down"}, {"left", "right"})


def units(row: int, column: int) -> list[tuple[int, int]]:
    """The fields that share a row, a column or a box with a field, without itself."""
    fields = [(r, c) for r in range(9) for c in range(9)]
    return [
        (r, c)
        for r, c in fields
        if (r, c) != (row, column)
        and (r == row or c == column or (r // 3, c // 3) == (row // 3, column // 3))
    ]


UNITS = {(row, column): units(row, column) for row in range(9) for column in range(9)}


def possible(grid: list[list[int]], row: int, column: int) -> set[int]:
    return set(range(1, 10)) - {grid[r][c] for r, c in UNITS[row, column]}


def solutions(grid: list[list[int]], limit: int = 2) -> list[list[list[int]]]:
    """Up to `limit` solutions, by trying the field with the fewest numbers first."""
    empty = [(r, c) for r in range(9) for c in range(9) if not grid[r][c]]
    if not empty:
        return [[row[:] for row in grid]]
    row, column = min(empty, key=lambda field: len(possible(grid, *field)))
    found: list[list[list[int]]] = []
    for value in sorted(possible(grid, row, column)):
        grid[row][column] = value
        found += solutions(grid, limit - len(found))
        grid[row][column] = 0
        if len(found) >= limit:
            break
    return found


@many
@given(seed=SEEDS, position=POSITIONS)
def test_every_sudoku_step_is_legal_forced_and_part_of_the_only_solution(
    seed: int, position: int
) -> None:
    params, sample = make("O-sudoku-step", seed, position)
    grid = [row[:] for row in params["grid"]]
    for row in range(9):
        for column in range(9):
            if grid[row][column]:
                assert grid[row][column] in possible(grid, row, column)
    (solved,) = solutions([row[:] for row in grid])
    for fill in sample.ground_truth["fills"]:
        row, column = fill["row"], fill["column"]
        assert grid[row][column] == 0
        assert possible(grid, row, column) == {fill["value"]}
        assert solved[row][column] == fill["value"]
        grid[row][column] = fill["value"]


def changed_fields(first: Any, final: Any) -> set[tuple[int, int]]:
    """Fields of a 9 by 9 board (31 pixels of margin) whose middle differs in two pictures."""
    cell = (512 - 62) / 9
    changed = set()
    for row in range(9):
        for column in range(9):
            left, top = 31 + column * cell + 4, 31 + row * cell + 4
            box = tuple(round(value) for value in (left, top, left + cell - 8, top + cell - 8))
            if first.crop(box).tobytes() != final.crop(box).tobytes():
                changed.add((row, column))
    return changed


@pytest.mark.parametrize("position", range(6))
def test_only_the_filled_fields_of_a_sudoku_change(position: int) -> None:
    _, sample = make("O-sudoku-step", 9, position)
    filled = Counter((fill["row"], fill["column"]) for fill in sample.ground_truth["fills"])
    assert max(filled.values()) == 1
    assert changed_fields(sample.first, sample.final) == filled.keys()
