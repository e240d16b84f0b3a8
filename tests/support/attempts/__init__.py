"""A generator that attempts what a generator may not do, and what each attempt must meet."""
