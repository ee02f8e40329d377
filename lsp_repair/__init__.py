"""lsp-repair: from a failing test to a proved patch.

The engine is a library; the command line and the language server are thin callers of the same functions.
"""

__version__ = "0.1.0"
