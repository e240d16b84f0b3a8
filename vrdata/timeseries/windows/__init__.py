"""Windows of episodes: arithmetic of time, resampling, statistics, the dataset."""
