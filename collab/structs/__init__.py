"""The structs of a Yjs document: an index of them, and the check of an update before pycrdt."""
