"""What the user decided: trust, settings, accepted and rejected proposals."""
