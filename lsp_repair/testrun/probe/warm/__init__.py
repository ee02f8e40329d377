"""The warm server: collected tests, a fork for each candidate."""
