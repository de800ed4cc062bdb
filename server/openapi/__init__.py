"""What the HTTP API is, as data: the table of its operations, and the pages made from it."""
