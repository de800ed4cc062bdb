"""Adapters for the ports of `collab`. The ports (`collab.ports`) describe each method.

A row is sound when it matches its checksum; otherwise it is damaged.
"""
