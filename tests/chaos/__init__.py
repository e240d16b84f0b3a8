"""Disturb runs on purpose, then check every byte of what they stored: `make chaos`."""
