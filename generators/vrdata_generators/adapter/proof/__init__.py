"""Run a generator on trial, measure it and compare the results."""
