"""Files of medical data, written without the libraries that read them."""
