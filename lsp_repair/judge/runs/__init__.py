"""What complete runs of the patched code say, and whether they can be trusted."""
