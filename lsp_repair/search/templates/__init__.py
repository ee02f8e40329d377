"""The repair templates, one module for each family; each yields changes for a place and knows nothing of ranking."""
