"""The benchmark: a plan of variants, run on a data set with a model, into a store of embeddings.

load_plan("paper")                  `plan` needs no torch, `runner` does
"""
