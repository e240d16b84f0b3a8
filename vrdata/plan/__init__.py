"""The plan: a run expanded into generators, blocks and shards. Pure."""
