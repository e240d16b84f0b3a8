"""A run whose output has a plan already: continue with it, or say how it differs."""
