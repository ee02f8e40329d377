"""One model of Python code: parsing, scopes, full names, constants and spans; pure functions over text."""
