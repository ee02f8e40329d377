"""Many candidates through the warm server, cheapest tier first."""
