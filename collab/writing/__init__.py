"""Patch ops written into Yjs types, and taken back again."""
