"""Pure functions from what is known to what the protocol shows."""
