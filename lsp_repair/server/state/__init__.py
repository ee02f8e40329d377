"""What is known of a root, as values that requests look things up in."""
