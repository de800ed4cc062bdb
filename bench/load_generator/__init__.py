"""The load generator: many WebSocket clients in one C process, which count every delivery."""
