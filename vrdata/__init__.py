"""vrdata: proven-complete, byte-deterministic training data for video reasoning."""

__version__ = "0.1.0"
