"""The worker: generates shards with generator children and commits them to the object store."""
