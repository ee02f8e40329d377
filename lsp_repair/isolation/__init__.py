"""Launching processes at a known isolation tier; knows nothing of tests."""
