"""A client's connection to a document on either lane: admission, session and feed."""
