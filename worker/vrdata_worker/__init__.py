"""The worker: makes shards with generator children and commits them to the object store."""
