"""The process: HTTP, sockets, the hub, settings."""
