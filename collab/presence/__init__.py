"""Who is in a document, and what they show."""
