"""Pure functions from a view to what the protocol shows."""
