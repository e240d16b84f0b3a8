"""What the stages compute, without files. Pure."""
