"""What reading a patch tells: one file a rule."""
