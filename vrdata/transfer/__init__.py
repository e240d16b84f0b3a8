"""Copy datasets between folders and buckets."""
