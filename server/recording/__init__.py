"""What happened: counted for the metrics, and written to the audit trail."""
