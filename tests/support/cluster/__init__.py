"""A real Kubernetes cluster on one Linux machine, for tests and for people (`make cluster-up`).

Everything but `fixtures` and `client` needs only the standard library, so binaries can be built
before the tests' environment exists.
"""
