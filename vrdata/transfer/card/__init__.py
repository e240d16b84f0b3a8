"""The card of a pushed dataset."""
