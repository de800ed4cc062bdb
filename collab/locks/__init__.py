"""Edit locks: which client holds which part of a document, and which changes that forbids."""
