"""Commands that generate: `run`, `plan` and `import`."""
