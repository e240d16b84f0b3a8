"""Frames of clips by their time: seek tables, forward decoding, a cache by bytes."""
