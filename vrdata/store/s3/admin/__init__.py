"""Requests about buckets and credentials, not about objects."""
