"""What can be wrong with a policy's files: one kind for each thing that a user must mend."""


class CheckpointError(ValueError):
    """A model folder is missing a file, a statistic or a sane weight; the kinds below say which."""


class MissingFileError(CheckpointError):
    """The folder, or a file of it, is not there."""


class UnreachableError(CheckpointError):
    """The checkpoint is on a hub that cannot be reached, and no copy of it is on this machine."""


class StatisticsError(CheckpointError):
    """The action and state bounds are missing or wrong: without them no token means anything."""


class LanguageError(CheckpointError):
    """The file that says which tokens are actions and what may be planned is wrong."""


class PickleError(CheckpointError):
    """The weights are pickled: loading them could run any code. Only safetensors are read."""


class ArchitectureError(CheckpointError):
    """The model is none that takes pictures and text and that can be decoded here."""


class WeightShapeError(CheckpointError):
    """Weights are missing, left over, or of other shapes than the configuration says."""


class WeightValueError(CheckpointError):
    """A weight is NaN or infinite."""


class TokenizerError(CheckpointError):
    """The tokenizer belongs to another model, so its ids would mean other words."""


class CalibrationError(CheckpointError):
    """The calibration file is no JSON object of finite numbers."""
