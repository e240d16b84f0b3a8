"""The objects of one run that the operator writes, compares or reads at the end."""
