"""Read parts of the files of a source for a block that asks for them, without staging the files."""
