"""Benches: every module here with a function `rows()` measures a workload."""
