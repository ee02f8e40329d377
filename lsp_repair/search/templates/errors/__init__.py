"""Templates driven by the error that a test ended with, at the lines of its traceback."""
