"""Answer HTTP requests from the declared sources."""
