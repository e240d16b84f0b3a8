"""The guard: a process outside the sandbox that answers and names its refused calls."""
