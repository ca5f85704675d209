"""Benchmarks: each beside its floor, the least code that does the same work with the same libraries."""
