"""From stored embeddings to scores, without the model: one registry of scorings, and ensembles of what goes in.

from vpe_core.scoring import ClassTexts, get, mean_embedding

texts = ClassTexts(mean_embedding(text_embeddings), logit_scale)     # (templates, classes, d) -> (classes, d)
probabilities = get("paper")(image_embeddings, texts)                # (samples, classes)
"""

from vpe_core.scoring.embeddings import cosines, normalised
from vpe_core.scoring.ensembles import Combination, mean_embedding, mean_score, score_ensemble
from vpe_core.scoring.methods import SCORINGS, ClassTexts, Scoring, get, names

__all__ = [
    "SCORINGS",
    "ClassTexts",
    "Combination",
    "Scoring",
    "cosines",
    "get",
    "mean_embedding",
    "mean_score",
    "names",
    "normalised",
    "score_ensemble",
]
