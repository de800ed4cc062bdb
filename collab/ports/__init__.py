"""Ports: protocols for the storage that the core needs. The adapters are in `storage/`."""
