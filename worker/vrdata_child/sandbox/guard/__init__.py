"""The guard: a process beside the sandbox that answers and names its refused calls."""
