"""The supervisor's side of the child protocol."""
