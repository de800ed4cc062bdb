"""Broadcasts: each commit is encoded once and sent to every client of the document."""
