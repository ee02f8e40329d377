"""What of a project belongs in front of a model: the failing test with what it needs, the code on the failing path."""
