"""Where data lies: one port, folders and S3-compatible servers behind it."""
