"""The order of an epoch, and where training goes on: no torch, no shared state."""
