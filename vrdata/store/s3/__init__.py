"""Object store in a bucket."""
