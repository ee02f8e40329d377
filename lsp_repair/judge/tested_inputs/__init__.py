"""What the tests check a project with, and code that tells these inputs from others."""
