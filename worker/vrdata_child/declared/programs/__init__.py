"""Programs that take the place of real ones: they read declared sources, or refuse by name."""
