"""Tests of the files with which operators deploy Weft."""
