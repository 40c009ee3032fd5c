"""Benchmarks of the overlap engine against its peers: `python -m benchmarks overlap`. Not part of the package."""
