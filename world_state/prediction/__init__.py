"""What follows: where things come to rest, what a parent's move does to its content, what an action leads to."""
