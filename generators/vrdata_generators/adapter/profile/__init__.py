"""Profile a generator: where its time goes, and its slowest lines."""
