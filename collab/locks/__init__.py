"""Edit locks: who holds which part of a document, and what others may not change."""
