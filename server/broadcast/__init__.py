"""Encodes each commit once, and sends it to every client of the document."""
