"""First-party converters: one module each; a module here is found automatically."""
