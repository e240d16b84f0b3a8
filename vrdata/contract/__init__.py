"""What operator, local run and worker say to each other."""
