"""The command line: `weft serve`, and what an operator does beside it."""
