"""Calls recorded in tests and made again in a bare interpreter."""
