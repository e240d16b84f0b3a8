"""Finalise a run: check its shards, write its indexes, summary and `_SUCCESS`."""
