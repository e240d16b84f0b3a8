"""Try a generator and compare what it makes."""
