"""Records events: counts them for the metrics, and writes them to the audit trail."""
