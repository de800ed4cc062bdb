"""How the process is: gauges, samples, the report for people, the event loop's watchdog."""
