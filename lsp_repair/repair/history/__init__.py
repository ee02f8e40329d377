"""What was different when the tests still passed."""
