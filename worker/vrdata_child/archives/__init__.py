"""Unpack an archive that nobody has checked, in a sandbox, without what could harm its reader."""
