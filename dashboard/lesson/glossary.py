"""Words that the lesson explains where they stand. No streamlit here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TERMS: Mapping[str, str] = {
    "95% interval": "The patients are drawn anew many times: 95% of the numbers that result lie in between.",
    "attention": "How strongly the network takes in each part of the picture; all parts together are 100%.",
    "AUROC": "How well a model tells findings apart: 1 is perfect, 0.5 is guessing.",
    "benchmark": "The same questions about a whole set of X-rays, counted up.",
    "class": "One of the names that the model can choose from.",
    "finding": "Something on an X-ray that is not as it should be, or was put there, such as a pacemaker.",
    "finding's box": "The smallest rectangle around a finding.",
    "same X-ray without the finding": "The same simulated chest, made once more without its finding.",
    "logit": "The number from which a probability is computed: the closer picture and prompt, the larger.",
    "marker": "What is drawn on the X-ray before the model sees it: a circle, a box, an arrow.",
    "points": "Percentage points: from 40% to 45% are 5 points.",
    "probability": "How the model deals out 100% among the classes. It need not be right that often.",
    "prompt": "The sentence that stands for a class, such as “A chest x-ray with signs of pneumothorax.”",
    "SimCLIP": "A small model that was trained on simulated X-rays, with and without markers.",
    "simulated": "Computed, not taken of a patient: the findings and their places are known exactly.",
    "undecided": "The likeliest class is hardly likelier than guessing would make it.",
    "zero-shot": "No list of classes is built into the model: it compares the picture with a prompt for each name.",
    "atelectasis": "A part of the lung without air.",
    "calcified granuloma": "A small hard scar in the lung, mostly harmless.",
    "cardiomegaly": "A heart that is larger than it should be.",
    "consolidation": "Lung that is filled with fluid or pus, as in pneumonia.",
    "interstitial opacities": "Fine lines and dots in the tissue between the air spaces.",
    "lung mass": "A round shadow in the lung, wider than 3 cm.",
    "lung nodule": "A round shadow in the lung, up to 3 cm wide.",
    "pacemaker": "A device under the skin that gives the heart its beat.",
    "pleural effusion": "Fluid between lung and chest wall.",
    "pneumothorax": "Air between lung and chest wall.",
}
"""Each word with its explanation; compare `LOOKS`, which says how findings look."""

_PLURALS = {"class": "classes"}
_BY_WRITTEN = {
    written.casefold(): term for term in TERMS for written in (term, _PLURALS.get(term, f"{term}s"), f"{term}es")
}
_ANY = re.compile(
    rf"(?<![\w-])({'|'.join(map(re.escape, sorted(_BY_WRITTEN, key=len, reverse=True)))})(?![\w-])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class GlossaryPart:
    """A piece of a text, and what it means if it is a word that is explained."""

    text: str
    meaning: str = ""


class Explainer:
    """Explains each word once, where it first stands."""

    def __init__(self) -> None:
        self._explained: set[str] = set()

    def parts(self, text: str) -> tuple[GlossaryPart, ...]:
        """The text in pieces, which are together what it was."""
        return tuple(part for part in self._parts(text) if part.text)

    def _parts(self, text: str) -> Iterable[GlossaryPart]:
        end = 0
        for found in _ANY.finditer(text):
            term = _BY_WRITTEN[found[0].casefold()]
            if term in self._explained:
                continue
            self._explained.add(term)
            yield GlossaryPart(text[end : found.start()])
            yield GlossaryPart(found[0], TERMS[term])
            end = found.end()
        yield GlossaryPart(text[end:])
