"""A real Kubernetes cluster on one Linux machine, for tests and for people (`make cluster-up`).

The modules that build and start it need only the standard library, so the binaries can be built
before the environment of the tests exists.
"""
