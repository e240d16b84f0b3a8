"""Closes a process so that only the seed influences content."""
