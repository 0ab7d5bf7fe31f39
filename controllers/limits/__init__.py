"""What the MPC must not break: each limit writes its rows of lower ≤ A u ≤ upper."""
