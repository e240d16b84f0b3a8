"""A Python environment for each added generator."""
