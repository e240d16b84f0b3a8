"""Synthesise desktop recordings: what a recorder would write while a script works on a desktop."""
