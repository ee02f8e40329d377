"""The forms in which models write their answers, a file for each."""
