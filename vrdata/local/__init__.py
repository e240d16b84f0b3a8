"""The local executor: the same plan and the same worker, on this machine."""
