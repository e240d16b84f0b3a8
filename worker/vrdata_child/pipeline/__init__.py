"""Run a repository that converts raw data, in a block's process."""
