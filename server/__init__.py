"""The server process: HTTP, sockets, open documents, commits, settings."""
