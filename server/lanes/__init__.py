"""A client's connection to a document on the patch lane or the Yjs lane: session and feed."""
