"""Small repositories, each with bad habits of public pipelines."""
