"""LeRobot datasets on the disk: 2.0, 2.1 and 3.0 are read, 3.0 is written.

Source of the format: the documentation of LeRobotDataset v3.0, and that of v2.1.
"""
