"""Step 9: what one would need to trust such a model in a clinic. No model is asked, and no answer is right."""

from __future__ import annotations

from dashboard.lesson.asking import Asker
from dashboard.lesson.step import Feedback, Guess, LessonScene, Setting, Step

_CHOICES = {
    "accuracy": "A higher AUROC on the benchmark",
    "own": "A test on our own patients, before anybody uses it",
    "explains": "A map that shows where it looks",
    "trial": "A study of what doctors and patients gain from it",
}
_EXPLAINED = {
    "accuracy": (
        "A benchmark says how well findings are told apart on those X-rays. Others come from other devices and other "
        "people, and step 8 showed what else can make a number high."
    ),
    "own": (
        "A model can lose much on the X-rays of another hospital, and nobody sees it from outside. It takes "
        "labelled cases, and somebody who repeats the test when devices change."
    ),
    "explains": (
        "A map helps to find mistakes. But step 5 asked whether looking means knowing: a map is no proof that the "
        "answer has the right reason."
    ),
    "trial": (
        "In the end an answer only counts if it makes a decision better, and a wrong one can also mislead the "
        "person who reads it. Such studies are rare and slow."
    ),
}


def _scene(setting: Setting) -> LessonScene:  # noqa: ARG001
    return LessonScene(
        question="What would you ask for first, before such a model may be used in a clinic?", choices=_CHOICES
    )


def _find(scene: LessonScene, ask: Asker, guess: Guess) -> None:  # noqa: ARG001
    return None


def _tell(facts: None, guess: Guess) -> Feedback:  # noqa: ARG001
    assert isinstance(guess, str)
    return Feedback(
        sentences=(
            _EXPLAINED[guess],
            *(f"{_CHOICES[other]}? {_EXPLAINED[other]}" for other in _CHOICES if other != guess),
        ),
    )


TRUST = Step("What would you need to trust it?", _scene, _find, _tell, simulated=False, opinion=True)
