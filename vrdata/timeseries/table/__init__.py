"""The table: its schema, the values of one episode, writing, reading."""
