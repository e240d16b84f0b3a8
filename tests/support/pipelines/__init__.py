"""Small repositories of class M, each with a habit of the public ones."""
