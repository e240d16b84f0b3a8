"""Work with bounded memory: ordered threads, sorting on disk."""
