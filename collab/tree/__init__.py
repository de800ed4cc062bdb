"""A Yjs document as a tree of JSON. It takes patches and updates, and gives ops and updates."""
