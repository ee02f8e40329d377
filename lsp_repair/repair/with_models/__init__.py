"""What models do in a repair: what they are told, what becomes of their answers, and the strategies' bench."""
