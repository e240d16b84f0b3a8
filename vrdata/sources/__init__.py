"""Existing data that converters read: pinned when a run begins, fetched part by part."""
