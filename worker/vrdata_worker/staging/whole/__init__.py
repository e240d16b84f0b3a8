"""Stage the complete sources of a pipeline, once for all workers of a run on a machine."""
