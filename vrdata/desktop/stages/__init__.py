"""The stages: recordings to events, events to bins, bins to sequences."""
