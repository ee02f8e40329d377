"""Processes that run tests or repair, and the server's end of them."""
