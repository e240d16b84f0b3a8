"""Read recordings: MCAP files of every generation of messages, also damaged ones."""
