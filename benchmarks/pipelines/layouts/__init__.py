"""Raw data of each pipeline: functions of a folder and a number of items."""
