"""What every part of the server may use: settings, clock, logs, worker threads."""
