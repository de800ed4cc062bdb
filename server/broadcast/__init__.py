"""What a commit says: encoded once, and sent to each client of the document."""
