"""Assertions turned over, and what notices it."""
