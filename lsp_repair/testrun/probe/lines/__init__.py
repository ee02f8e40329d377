"""Executed lines, of the process that runs the tests and of the Python processes that they start."""
