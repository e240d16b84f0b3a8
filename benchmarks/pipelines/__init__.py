"""Public pipelines, run by vrdata on small made-up raw data in the layout that each one reads."""
