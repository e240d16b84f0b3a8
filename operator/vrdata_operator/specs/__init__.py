"""Manifests of the Jobs and pods that the operator creates. Pure."""
