"""One server in several processes: a parent that binds the port, and workers that serve it."""
