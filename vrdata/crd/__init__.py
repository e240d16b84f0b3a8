"""The CustomResourceDefinitions, generated from the pydantic models."""
