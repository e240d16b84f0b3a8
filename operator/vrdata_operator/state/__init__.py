"""What is known of a run, as values. Pure."""
