"""The Kubernetes cluster: the only package that knows its client."""
