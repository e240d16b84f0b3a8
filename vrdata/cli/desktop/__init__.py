"""`vrdata desktop`: recordings to training data."""
