"""Workloads and their figures: every module here that has `rows()` is a bench."""
