"""Read the cluster and the object store."""
