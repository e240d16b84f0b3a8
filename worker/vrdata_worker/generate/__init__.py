"""Generate the samples of a shard: blocks, their failures, and further tries."""
