"""Tests of collab/tree."""
