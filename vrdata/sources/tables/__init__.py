"""Tables as lists of parts: which bytes of a file a row group, or some rows, need."""
