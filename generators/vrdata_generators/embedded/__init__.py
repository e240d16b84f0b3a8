"""What image files contain beside their pixels."""
