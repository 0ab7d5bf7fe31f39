"""Benches: each reproduces figures that the README quotes."""
