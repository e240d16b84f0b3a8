"""Format parquet: one file a shard, with one row for each sample, or the rows of a converter."""
