"""Finish a run: summary, index, duplicates."""
