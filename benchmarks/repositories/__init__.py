"""Generator repositories as they are: run by their own script, and through vrdata."""
