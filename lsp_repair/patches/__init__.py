"""Patches that somebody else wrote: unified diffs, and where their paths lead."""
