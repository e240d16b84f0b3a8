"""Checks of commit markers that finalisation and verification share, and the problems they find."""
