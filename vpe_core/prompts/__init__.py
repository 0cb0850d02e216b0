"""Text prompts: templates, suffixes and ensembles."""

from vpe_core.prompts.building import build_prompts
from vpe_core.prompts.negatives import negated
from vpe_core.prompts.suffixes import marker_suffix
from vpe_core.prompts.templates import ENSEMBLES, JSRT_TEMPLATE, PAPER_TEMPLATE, check_template
from vpe_core.prompts.texts import as_texts, check_choice, check_classes, parse_classes, refuse_single

__all__ = [
    "ENSEMBLES",
    "JSRT_TEMPLATE",
    "PAPER_TEMPLATE",
    "as_texts",
    "build_prompts",
    "check_choice",
    "check_classes",
    "check_template",
    "marker_suffix",
    "negated",
    "parse_classes",
    "refuse_single",
]
