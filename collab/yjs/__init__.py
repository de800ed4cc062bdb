"""Yjs bytes: the codecs of updates and protocol frames, and the validator before pycrdt."""
