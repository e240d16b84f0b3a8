"""Replacements for library calls, with identical pixels."""
