"""What patches change in behaviour: the same calls answered by old and new code."""
