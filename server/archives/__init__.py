"""Exports documents as archives, imports archives, and repairs damaged documents."""
