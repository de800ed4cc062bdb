"""Tests of the load kit: `bench/k6`, `bench/load` and `bench/locustfile.py`."""
