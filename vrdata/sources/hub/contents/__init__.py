"""What a dataset contains: its name, its card, its files. Pure."""
