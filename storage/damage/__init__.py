"""Reads the remains of a damaged document, and writes the repaired document."""
