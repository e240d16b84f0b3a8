"""Commands about buckets: copy datasets, create buckets."""
