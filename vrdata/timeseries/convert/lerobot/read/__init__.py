"""Read the episodes of a LeRobot dataset."""
