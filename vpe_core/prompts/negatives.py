"""The opposite of a prompt, for scorings that weigh "there is" against "there is not"."""

from __future__ import annotations

import re

from vpe_core.prompts.templates import CLASS_FIELD, check_template

_WITH = re.compile(r"(?P<before>.*\bwith )(?:an? )?(?P<after>.*)", re.IGNORECASE | re.DOTALL)


def negated(template: str) -> str:
    """The template that denies its class: "with" becomes "with no", or else the class "no …".

    Raises:
        PromptError: The template is not valid.

    Example:
        >>> negated("A chest x-ray with signs of {class}{suffix}.")
        'A chest x-ray with no signs of {class}{suffix}.'
        >>> negated("There is {class}.")
        'There is no {class}.'
    """
    before, field, after = check_template(template).partition(CLASS_FIELD)
    if found := _WITH.fullmatch(before):
        return f"{found['before']}no {found['after']}{field}{after}"
    return f"{before}{'no' if before else 'No'} {field}{after}"
