"""Run a generator: repositories and first-party generators."""
