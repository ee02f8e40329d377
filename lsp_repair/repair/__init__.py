"""Strategies: from a failing test to proposals, over one project."""
