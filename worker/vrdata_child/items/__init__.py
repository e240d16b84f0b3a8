"""Items of a converter: read what the supervisor has staged, write what the converter gives."""
