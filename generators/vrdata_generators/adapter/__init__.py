"""The adapter for generator repositories: copies, checks, tries and catalogues them."""
