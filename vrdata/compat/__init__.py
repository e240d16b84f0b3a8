"""Functions of earlier pipelines, by their names and arguments."""
