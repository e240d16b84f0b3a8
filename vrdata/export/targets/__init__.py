"""Where an export is written: a folder or bucket, or one archive."""
