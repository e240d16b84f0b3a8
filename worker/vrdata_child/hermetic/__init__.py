"""Isolate a process, so that content depends only on the seed."""
