"""Desktop recordings (MCAP and MKV) to training data; see docs/design-desktop.md."""
