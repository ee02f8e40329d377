"""What was tried, what it cost and what was decided, kept in the user's state folder."""
