"""Training data: the scripted expert, and scenes rendered with its labels."""
