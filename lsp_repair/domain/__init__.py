"""Values, pure functions and ports: what every layer speaks about, with no I/O and the standard library only."""
