"""Templates that replace one expression by another."""
