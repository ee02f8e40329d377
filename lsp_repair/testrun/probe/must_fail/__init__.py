"""Mutated assertions, and what notices them."""
