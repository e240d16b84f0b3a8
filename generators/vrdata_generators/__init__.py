"""First-party generators, the API for writing one, and the adapter for generator repositories."""
