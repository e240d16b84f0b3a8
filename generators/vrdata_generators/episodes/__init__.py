"""Read robot episodes from HDF5 files, as a map says."""
