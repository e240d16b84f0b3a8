"""What users and administrators write: GenerationRun and GenerationProfile."""
