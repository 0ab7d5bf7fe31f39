"""What can be wrong with a policy's files."""


class CheckpointError(ValueError):
    """A model folder is missing a file, a statistic or a sane weight."""
