"""Benchmarks of tables of time series."""
