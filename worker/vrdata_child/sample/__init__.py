"""Turn a generator's files into a finished sample."""
