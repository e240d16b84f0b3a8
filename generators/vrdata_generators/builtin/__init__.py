"""The first-party generators, one per module, and their catalogue entries."""
