"""Output formats: how samples become objects, and back."""
