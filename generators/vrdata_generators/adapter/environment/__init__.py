"""The Python environment of an added generator."""
