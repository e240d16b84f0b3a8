"""Refuse or name what Python code of a generator attempts, with the line of the code."""
