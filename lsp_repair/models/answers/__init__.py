"""From a model's reply to the new bytes of files: readers of every usual form, and one careful way to apply them."""
