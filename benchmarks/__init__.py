"""vrdata against its goals: ratios measured side by side on one machine. See docs/benchmarks.md."""
