"""The right-hand side: the answer, the maps, comparisons, and what can be taken along."""
