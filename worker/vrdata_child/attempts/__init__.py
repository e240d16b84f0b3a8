"""What Python code of a generator tries and may not do: refused or named, with its line."""
