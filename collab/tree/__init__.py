"""A Yjs document as a tree of JSON: patches and updates in, exact ops and update bytes out."""
