"""Proving a patch: policy, screening in the warm server, and the proof in a fresh process."""
