"""The open documents of this process: opened, kept, saved and unloaded."""
