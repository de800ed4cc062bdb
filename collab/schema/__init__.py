"""A document's JSON Schema, checked at the locations that a change touches."""
