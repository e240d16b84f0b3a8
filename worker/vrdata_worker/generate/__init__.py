"""Generate the samples of a shard: blocks, their failures, and what is made again."""
