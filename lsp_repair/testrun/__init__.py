"""The user's project, interpreter and tests: discovery, snapshots, cold runs and the warm server."""
