"""Let the libraries that a pipeline imports ask the declared sources instead of the network."""
