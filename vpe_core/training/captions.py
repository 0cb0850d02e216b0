"""The language of the embedded models: how figure captions speak about findings, places, sizes and markers."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from vpe_core.models.word_tokenizer import WORD
from vpe_core.simulation.cases import DRAWING_ORDER
from vpe_core.training.hand_markers import PALETTE

CLASSES = DRAWING_ORDER

PHRASES: dict[str, tuple[str, ...]] = {
    "cardiomegaly": ("cardiomegaly", "an enlarged heart", "cardiac enlargement", "an enlarged cardiac silhouette"),
    "pneumothorax": ("pneumothorax", "a pneumothorax", "pleural air", "air in the pleural space"),
    "pleural effusion": ("pleural effusion", "an effusion", "pleural fluid", "fluid in the pleural space"),
    "interstitial opacities": (
        "interstitial opacities", "reticular opacities", "a reticular pattern", "interstitial markings",
        "interstitial lung disease",
    ),
    "consolidation": (
        "consolidation", "airspace consolidation", "airspace opacity", "an airspace opacity", "pneumonia",
    ),
    "atelectasis": ("atelectasis", "plate atelectasis", "linear atelectasis", "band atelectasis", "volume loss"),
    "lung mass": ("lung mass", "a lung mass", "pulmonary mass", "a mass", "a tumor"),
    "lung nodule": ("lung nodule", "a lung nodule", "pulmonary nodule", "a nodule", "a solitary nodule"),
    "calcified granuloma": (
        "calcified granuloma", "a calcified granuloma", "a granuloma", "a calcified lesion", "a small calcification",
    ),
    "pacemaker": ("pacemaker", "a pacemaker", "a cardiac pacemaker", "an implanted device", "a pacemaker generator"),
}  # fmt: skip
HEALTHY = ("no abnormality", "no finding", "no abnormal finding", "normal lungs", "nothing abnormal", "healthy lungs")
LOOKS = {
    "benign": ("benign lung nodule", "a benign nodule", "a smooth benign nodule", "a round smooth nodule"),
    "malignant": (
        "malignant lung nodule",
        "a malignant nodule",
        "a spiculated nodule",
        "an irregular suspicious nodule",
    ),
}
TEMPLATES = (
    "A chest x-ray with signs of {}.",
    "A chest X-ray with {}.",
    "Chest radiograph showing {}.",
    "Frontal chest x-ray: {}.",
    "An x-ray image of the chest demonstrates {}.",
    "There is {}.",
    "Findings of {}.",
    "This radiograph shows {}.",
    "Figure: {} on chest x-ray.",
    "A photo of {}.",
    "A patient with {}.",
    "{}",
)
NEGATIONS = (
    "No {}.", "There is no {}.", "A chest x-ray with no {}.", "A chest X-ray without {}.", "No sign of {}.",
    "No evidence of {}.", "A chest x-ray with no signs of {}.",
)  # fmt: skip
SUFFIXES = (
    " indicated by a {}",
    " marked by a {}",
    " (see {})",
    " shown by the {}",
    " pointed out by a {}",
    " in the {}",
)
_LOOK_TEMPLATE = "A chest X-ray with a {} lung nodule."  # the paper's for JSRT
MARKER_WORDS = {"circle": ("circle", "ellipse"), "bbox": ("bounding box", "box", "rectangle"), "arrow": ("arrow",)}
SIZES = ("small", "large", "subtle", "obvious")


@dataclass(frozen=True)
class Meaning:
    """What a caption claims, so that every image it is true of counts as its positive.

    Attributes:
        kind: "finding", "healthy" or "absent".
        finding: index in CLASSES; -1 for "healthy".
        side, zone, look: "" where the caption does not say.
    """

    kind: str
    finding: int = -1
    side: str = ""
    zone: str = ""
    look: str = ""


def normalize(text: str) -> str:
    """Lower case, punctuation apart: the form in which words are looked up."""
    return " ".join(re.findall(WORD, text.lower()))


def finding_caption(
    rng: np.random.Generator, meaning: Meaning, severity: float = 0.5, marker: str = "", color: str = ""
) -> str:
    """A caption for a finding; with a marker it may end in "… indicated by a red circle"."""
    phrases = LOOKS[meaning.look] if meaning.look else PHRASES[CLASSES[meaning.finding]]
    canonical = not meaning.look and rng.random() < 0.4
    text = CLASSES[meaning.finding] if canonical else str(rng.choice(phrases))
    if rng.random() < 0.12 and abs(severity - 0.5) > 0.2:
        size = SIZES[int(severity > 0.5) + 2 * int(rng.random() < 0.4)]
        text = f"{size} {re.sub(r'^(a|an) ', '', text)}"
    if meaning.side:
        place = f"{meaning.side} {meaning.zone} zone" if meaning.zone else f"{meaning.side} lung"
        text = f"{text} in the {place}" if rng.random() < 0.7 else f"{place} {text}"
    return _in_template(rng, text + _suffix(rng, marker, color))


def healthy_caption(rng: np.random.Generator, marker: str = "", color: str = "") -> str:
    return _in_template(rng, str(rng.choice(HEALTHY)) + _suffix(rng, marker, color))


def absent_caption(rng: np.random.Generator, finding: int) -> str:
    phrase = re.sub(r"^(a|an) ", "", str(rng.choice(PHRASES[CLASSES[finding]])))
    return str(rng.choice(NEGATIONS)).format(phrase)


def class_prompts(rng: np.random.Generator, marker: str = "", color: str = "") -> list[str]:
    """The zero-shot prompts of all classes and of "no abnormality", in one template, as a user would write them."""
    template = TEMPLATES[0] if rng.random() < 0.5 else str(rng.choice(TEMPLATES))
    suffix = _suffix(rng, marker, color)
    return [template.format(name + suffix) for name in (*CLASSES, "no abnormality")]


def look_prompts(rng: np.random.Generator) -> list[str]:
    """Benign against malignant: the paper's JSRT template or a caption's wording."""
    if rng.random() < 0.5:
        return [_LOOK_TEMPLATE.format(look) for look in LOOKS]
    k = int(rng.integers(4))
    template = str(rng.choice(TEMPLATES))
    return [template.format(LOOKS[look][k]) for look in LOOKS]


def vocabulary(markers: bool = True) -> list[str]:
    """Every word that captions and class prompts can hold, sorted; without `markers`, those of the plain twin's."""
    texts = [*TEMPLATES, *NEGATIONS, *HEALTHY, *SIZES, *CLASSES, "left right lung upper middle lower zone in the"]
    for group in (PHRASES, LOOKS):
        texts += [phrase for phrases in group.values() for phrase in phrases]
    texts += [_LOOK_TEMPLATE.format(look) for look in LOOKS]
    if markers:
        texts += [*SUFFIXES, *PALETTE, *(word for words in MARKER_WORDS.values() for word in words)]
    return sorted({word for text in texts for word in normalize(text.replace("{}", " ")).split()})


def _suffix(rng: np.random.Generator, marker: str, color: str) -> str:
    if not marker or rng.random() < 0.55:
        return ""
    word = str(rng.choice(MARKER_WORDS[marker]))
    return str(rng.choice(SUFFIXES, p=(0.5, 0.1, 0.1, 0.1, 0.1, 0.1))).format(f"{color} {word}".strip())


def _in_template(rng: np.random.Generator, text: str) -> str:
    template = TEMPLATES[0] if rng.random() < 0.25 else str(rng.choice(TEMPLATES))
    return template.format(text)
