"""Patches from outside sources: unified diffs, and where their paths lead."""
