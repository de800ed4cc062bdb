"""What the public sees of a document, and how it gets there."""
