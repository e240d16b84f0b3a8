"""Which module holds which first-party generator; imports nothing."""

from __future__ import annotations

MODULES = {
    "O-maze": "vrdata_generators.builtin.maze",
    "O-sliding-tiles": "vrdata_generators.builtin.sliding_tiles",
    "O-sudoku-step": "vrdata_generators.builtin.sudoku_step",
    "G-bouncing-balls": "vrdata_generators.builtin.bouncing_balls",
    "G-pendulum": "vrdata_generators.builtin.pendulum",
    "G-occlusion": "vrdata_generators.builtin.occlusion",
}
