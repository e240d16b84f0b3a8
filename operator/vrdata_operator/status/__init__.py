"""The status of a run, built from facts. Pure."""
