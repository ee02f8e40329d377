"""The databases of coverage.py: who executed what in an earlier run, and what our own runs executed for its reports."""
