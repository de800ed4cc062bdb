"""An open document: its members, its newest entries, and the rules for changes."""
