"""Import existing data: an ordinary local run, laid out as folders of samples."""
