"""The formats of pictures: what a file says of itself, and the file without metadata."""
