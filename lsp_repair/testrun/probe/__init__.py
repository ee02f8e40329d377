"""What runs in the user's interpreter: standard library and the user's pytest only, Python 3.9 and later."""
