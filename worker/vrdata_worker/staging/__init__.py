"""Fetch the items of a converter's blocks, one block ahead, and keep them within a limit."""
