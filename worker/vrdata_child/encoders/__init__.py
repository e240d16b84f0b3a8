"""Fast, deterministic PNG and H.264 encoders."""
