"""One start of pytest: what it measures and reports."""
