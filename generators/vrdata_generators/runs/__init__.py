"""Items of finished runs, as a converter reads them."""
