"""What an untrusted process sends and what it makes: checked packets, folders without links."""
