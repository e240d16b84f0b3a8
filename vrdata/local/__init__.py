"""Run on this machine: the plan and the worker are those of a cluster."""
