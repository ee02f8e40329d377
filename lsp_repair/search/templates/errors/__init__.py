"""Templates driven by the error a test ended with, at the lines of its traceback."""
