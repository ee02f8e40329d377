"""Templates that insert, remove or change statements."""
