"""Verify a dataset against its commit markers."""
