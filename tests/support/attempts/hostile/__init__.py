"""Attempts to leave the sandbox; standard library only, because a started program runs them too."""
