"""Decisions about a run, one policy per module. Pure."""
