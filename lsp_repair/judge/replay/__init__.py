"""Calls that the tests make, made again where no test runs."""
