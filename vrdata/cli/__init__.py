"""The `vrdata` command line."""
