"""The judge: policy, runs, rules and replay, which together say what a patch is worth."""
