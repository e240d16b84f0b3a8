"""The Kubernetes operator. Empty in this release: runs are executed locally."""
