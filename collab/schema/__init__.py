"""A document's JSON Schema, checked where a change touches the value."""
