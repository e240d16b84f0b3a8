"""Settings of every test."""

from hypothesis import settings

# How fast an example runs tells about the machine's load, not about the code.
settings.register_profile("vrdata", deadline=None)
settings.load_profile("vrdata")
