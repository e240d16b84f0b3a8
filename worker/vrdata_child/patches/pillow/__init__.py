"""Replacements for operations on whole images of Pillow."""
