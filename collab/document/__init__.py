"""One document: its value, its Yjs state and its undo records. It is saved to bytes."""
