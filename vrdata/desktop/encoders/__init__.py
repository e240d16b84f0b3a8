"""Events as texts for language models, and back."""
