"""One document: its value, its Yjs state, its undo records, opened from and saved to bytes."""
