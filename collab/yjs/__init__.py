"""The Yjs side: protocol frames, the validator in front of pycrdt, and JSON in a Yjs tree."""
