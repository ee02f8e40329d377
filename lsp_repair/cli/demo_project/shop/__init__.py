"""The till of a small tea shop. All amounts are in cents."""
