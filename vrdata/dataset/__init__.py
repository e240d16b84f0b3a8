"""The dataset: where it lies, its formats, its commit markers, and how it is checked."""
