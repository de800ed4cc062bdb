"""The state of the process: gauges, samples, the status report, the watchdog, readiness."""
