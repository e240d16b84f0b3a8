"""Check and convert the videos of a sample."""
