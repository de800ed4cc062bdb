"""Uploaded pictures: their type, size, metadata and smaller copies, read in a child process."""
