"""The opposite of a prompt, for scorings that weigh "there is" against "there is not"."""

from __future__ import annotations

from vpe_core.prompts.templates import CLASS_FIELD, check_template

_WITH, _WITHOUT = " with ", " without "


def negated(template: str) -> str:
    """The template that denies its class: "with" before the class becomes "without", or else the class "no …".

    Raises:
        PromptError: The template is not valid.

    Example:
        >>> negated("A chest x-ray with signs of {class}{suffix}.")
        'A chest x-ray without signs of {class}{suffix}.'
        >>> negated("There is {class}.")
        'There is no {class}.'
    """
    before, field, after = check_template(template).partition(CLASS_FIELD)
    if _WITH in before:
        start, _, end = before.rpartition(_WITH)
        return f"{start}{_WITHOUT}{end}{field}{after}"
    return f"{before}{'no' if before else 'No'} {field}{after}"
