"""Make tables of time series: of HDF5 files, of finished runs, of LeRobot datasets; and back."""
