"""How JSON is stored in Yjs types: the layout, places in it, and records of each write."""
