"""Behavior trees for manipulation: leaves and subtrees on py_trees, driven by memory, VLA and controller."""

from behaviors.context import Failure, FailureKind, TreeContext
from behaviors.tree import Tree

__all__ = ["Failure", "FailureKind", "Tree", "TreeContext"]
