"""The first-party generators and their catalogue entries."""
