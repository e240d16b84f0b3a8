"""Decisions about a run, one policy in each module. Pure."""
