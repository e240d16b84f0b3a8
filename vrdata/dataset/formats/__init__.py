"""Output formats: one class each, which knows keys, paths, writing and reading."""
