"""Every error that a user can meet.

    VPEError
    |-- ImageReadError          an image that cannot be read, or may not be
    |-- RegionError             a region that is empty, outside the image or malformed
    |-- MarkerError             an unknown marker, colour, width or opacity
    |-- PromptError             a template, class name or class list that cannot be used
    |-- ModelError              a model that cannot be loaded or run
    |   |-- ModelNotAllowedError    the settings do not allow this model
    |   |-- ModelDownloadError      the weights could not be fetched
    |   `-- DeviceLostError         the GPU does not answer any more
    |-- BusyError               more people ask a model than can wait for it
    |-- AttentionError          an attention method that does not fit the model or the input
    |-- DatasetError            a data set that is missing, incomplete or malformed
    |-- ScoringError            embeddings or a scoring method that cannot give scores
    |-- MetricError             labels, scores or a metric that cannot be evaluated
    |-- BenchmarkError          a plan that is not valid, or a run that cannot start or go on
    |-- ResultsError            stored results that are missing, damaged or lack what is asked for
    |-- LabError                a study of the marker lab that does not exist or does not fit
    |-- SimulationError         the simulator lacks its CT or was given impossible values
    |-- TrainingError           a training run that cannot start, resume or go on
    `-- SettingsError           an environment setting (VPE_...) that is not valid

A message says what was expected, what came, and what to do. Programming mistakes raise the usual `TypeError` and
`ValueError`; catching `VPEError` therefore never hides a bug.
"""

from __future__ import annotations


class VPEError(Exception):
    """Base of all errors that a user can meet and mend."""


class ImageReadError(VPEError):
    """The image cannot be read, or the settings do not allow it."""


class RegionError(VPEError):
    """The region is empty, lies outside the image or is malformed."""


class MarkerError(VPEError):
    """The marker, its colour, width or opacity is unknown or does not fit the region."""


class PromptError(VPEError):
    """The template, class name or class list cannot be used as a text prompt."""


class ModelError(VPEError):
    """The model cannot be loaded or run."""


class ModelNotAllowedError(ModelError):
    """The settings do not allow this model."""


class ModelDownloadError(ModelError):
    """The model's weights could not be fetched."""


class DeviceLostError(ModelError):
    """The GPU does not answer any more; what is loaded from now on runs on the CPU."""


class BusyError(VPEError):
    """More people ask the model than can wait for it; to be asked again a little later."""


class AttentionError(VPEError):
    """The attention method does not fit the model or the input."""


class DatasetError(VPEError):
    """The data set is missing, incomplete or malformed."""


class ScoringError(VPEError):
    """The scoring method is unknown, or the embeddings do not fit it."""


class MetricError(VPEError):
    """The metric is unknown, or the labels and scores do not fit it."""


class BenchmarkError(VPEError):
    """The plan is not valid, or the run cannot start or go on."""


class ResultsError(VPEError):
    """The stored results are missing, damaged or lack what is asked for."""


class LabError(VPEError):
    """The study of the marker lab does not exist, or does not fit the marker."""


class SimulationError(VPEError):
    """The simulator lacks its CT or was given impossible values."""


class TrainingError(VPEError):
    """The training run cannot start, resume or go on."""


class SettingsError(VPEError):
    """An environment setting (VPE_...) is not valid."""
