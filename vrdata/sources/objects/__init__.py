"""Folders and buckets as sources: files with their companions, and tables."""
