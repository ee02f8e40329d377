"""The stages of a fix, in the order of `engine.fix`: each takes values and returns values."""
