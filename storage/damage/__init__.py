"""Reads what is left of a damaged document, and writes the repaired document."""
