"""Write episodes as a LeRobot dataset."""
