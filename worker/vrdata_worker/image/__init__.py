"""What this installation can generate."""
