"""Find out how a repository of class M converts raw data, and prove that it can do so in slices."""
