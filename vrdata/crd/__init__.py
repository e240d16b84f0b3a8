"""The CustomResourceDefinitions, made from the pydantic models."""
