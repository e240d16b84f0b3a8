"""The adapter for generator repositories: copy, prepare, prove and catalogue them."""
