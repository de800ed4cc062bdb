"""The rules of collaborative editing: pure, without I/O, clock or randomness."""
