"""First-party generators, the API to write one, and the adapter for generator repositories."""
