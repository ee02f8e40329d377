"""`python -m lsp_repair` is the command line."""

from lsp_repair.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
