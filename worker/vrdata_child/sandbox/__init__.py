"""Close a process and all that it starts by the kernel: seccomp, Landlock; no privileges."""
