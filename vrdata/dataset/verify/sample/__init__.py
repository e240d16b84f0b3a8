"""Verify one sample: its files, its media, and the hash of its content."""
