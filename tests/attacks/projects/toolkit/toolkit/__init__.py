"""Small tools of an office."""
