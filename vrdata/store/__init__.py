"""Object stores: one port, implemented by folders and S3-compatible servers."""
