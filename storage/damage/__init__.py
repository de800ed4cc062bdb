"""What is left of a damaged document: read, and written again from there."""
