"""Scripted experts from truth: one for each skill, through the same controller as everything else."""
