"""The stages in runs: the rows of one recording for a converter, and datasets of finished runs."""
