"""Tables in the folders that `datasets.load_from_disk` reads."""
