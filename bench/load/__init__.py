"""Clients of a load test in Python. They need pycrdt and websocket-client, and nothing of Weft."""
