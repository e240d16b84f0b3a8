"""The page about sequences: frames, and the events between them."""
