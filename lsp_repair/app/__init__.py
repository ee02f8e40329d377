"""What the faces share: from settings to models, and the report of what fixes cost."""
