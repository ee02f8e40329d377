"""The language server: what the editor sees of the engine's work.

The server's own process only looks things up; tests and repairs run in worker processes, one conversation each.
"""
