"""The status of a run, derived from facts. Pure."""
