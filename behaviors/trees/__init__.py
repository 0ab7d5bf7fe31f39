"""Ready-made trees."""
