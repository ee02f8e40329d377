"""What code can do to the machine and to the tests, by the names that it uses."""
