"""Read YAML files of the API into models, with errors that name the place."""
