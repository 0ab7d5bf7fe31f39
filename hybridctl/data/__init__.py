"""Training data: the scripted expert, scenes rendered with its labels, and recorded episodes."""
