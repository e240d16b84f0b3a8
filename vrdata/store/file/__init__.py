"""Object store in a folder."""
