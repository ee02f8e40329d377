"""Templates that put another expression in the place of one."""
