"""Stored benchmark results: embeddings and what they come from, read and written without torch.

run = open_run("results/sim-multi/simclip")
run.manifest, run.samples                          which model and data; one row a sample
run.embeddings("circle/red/1/paper")               float32 (m, d), for the samples run.rows(…)
run.text_embedding(["A chest x-ray with …"])       float32 (k, d), for the prompts that were stored

A run folder holds one part of a data set, seen by one model:

manifest.json          what was measured, with what, when, and what had to be skipped
samples.parquet        one row a sample, in the data set's order
embeddings.parquet     one row a (variant, sample), one row group a variant
texts.parquet          the paper's prompts, their opposites and ensembles
probabilities.parquet  instead of the last two, in results of the official code
"""

from vpe_core.results.store.manifest import DatasetInfo, Manifest, ModelInfo, Skipped
from vpe_core.results.store.run import Run, find_runs, open_run

__all__ = ["DatasetInfo", "Manifest", "ModelInfo", "Run", "Skipped", "find_runs", "open_run"]
