"""What follows: where things come to rest, what moves along with what, and what an action leads to."""
