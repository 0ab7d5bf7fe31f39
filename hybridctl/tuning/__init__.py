"""Tries gains out on fixed scenarios, compares two files, and searches for better weights."""
