"""What the command line and the server share: assembling models from settings, and reporting what fixes cost."""
