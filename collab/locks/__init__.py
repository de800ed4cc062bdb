"""Edit locks: which client holds which part of a document, and which changes a lock forbids."""
