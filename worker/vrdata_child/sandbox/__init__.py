"""The sandbox of a process and all that it starts: seccomp and Landlock, without privileges."""
