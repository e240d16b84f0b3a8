"""Check what an untrusted process sends and creates: packets, and folders without links."""
