"""What passes between rooms, and the protocols that rooms meet by (numpy and the standard library only)."""
