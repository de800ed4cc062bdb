"""The command line: `weft serve`, and the commands of an operator."""
