"""Read what a plan needs: the catalogue of an image, the sources of a run."""
