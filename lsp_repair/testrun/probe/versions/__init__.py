"""Calls that tests lead to, answered by several versions of the code at the moment they begin."""
