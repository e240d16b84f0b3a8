"""Cards: which samples they show, their previews, and their texts."""
