"""Which module holds which first-party generator; imports nothing."""

from __future__ import annotations

MODULES = {
    "O-maze": "vrdata_generators.maze",
    "O-sliding-tiles": "vrdata_generators.sliding_tiles",
    "O-sudoku-step": "vrdata_generators.sudoku_step",
    "G-bouncing-balls": "vrdata_generators.bouncing_balls",
    "G-pendulum": "vrdata_generators.pendulum",
    "G-occlusion": "vrdata_generators.occlusion",
}
