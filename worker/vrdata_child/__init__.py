"""The hermetic process that a generator runs in, and the encoders of its output.

Runs inside the generator's own environment: it needs the standard library, numpy, Pillow, PyAV
and zlib-ng, but not vrdata. The protocol with the supervisor: docs/child-protocol.md.
"""
