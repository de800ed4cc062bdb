"""Settings, clock, logs and worker threads, for all packages of the server."""
