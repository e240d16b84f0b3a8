"""`vrdata generators` commands."""
