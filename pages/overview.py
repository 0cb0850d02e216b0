"""Overview: what this is, one worked example that can be touched, how the model answers, what is ready to use."""

import streamlit as st

from dashboard.frame.page import page_link, page_setup
from dashboard.frame.words import as_text
from dashboard.library.example import Example, load_example
from dashboard.library.worked_example import how_it_works, living_example
from vpe_core import models
from vpe_core.datasets.gallery import offered
from vpe_core.errors import VPEError

INTRODUCTION = """
Circle something on a chest X-ray, and a vision-language model may change its mind. See it live, then measure it:
was it the finding, or only the marker?
"""
BACKGROUND = """
The system is that of Denner et al., *Visual Prompt Engineering for Vision Language Models in Radiology* (MIDL 2025,
[arXiv 2408.15802](https://arxiv.org/abs/2408.15802)), who report that visual markers improve AUROC by up to 0.185. Of
the small models that come with the app, SimCLIP was trained to follow markers; SimCLIP-plain never saw one.
"""


def worked_example(example: Example) -> None:
    """One stored answer, and the way to ask for it live."""
    living_example(example)
    x0, y0, x1, y1 = (f"{value:g}" for value in example.region)
    page_link(
        "pages/live_demo.py",
        "Open this X-ray in the live demo",
        icon=":material/draw:",
        query_params={"sample": example.sample, "marks": f"circle:{x0},{y0},{x1},{y1}", "target": example.target},
    )
    st.caption(
        as_text(
            f"One example by {example.model_title}, chosen because it shows the effect well; the Benchmark page has "
            "whole test sets."
        )
    )
    st.header("How the model answers", anchor=False)
    how_it_works(example)


def ready() -> str:
    """What can be used at once, in one sentence."""
    titles = [models.get(name).short_title for name in models.names() if models.is_ready(models.get(name))]
    images = offered()
    simulated = sum(image.simulated for image in images)
    real = len(images) - simulated
    return (
        f"Ready: {', '.join(titles) or 'no model'}; {simulated} simulated and {real} real X-rays. "
        "More models and X-rays can be fetched under Data and models."
    )


page_setup("Visual Prompt Lab", "Visual prompt engineering for vision-language models in radiology.")
st.markdown(INTRODUCTION)
with st.container(key="overview_start"):
    page_link("pages/live_demo.py", "Open the live demo", icon=":material/draw:")
try:
    example = load_example()
    if example:
        worked_example(example)
    else:
        st.info(
            "A worked example would be shown here. Measure it with `python -m scripts.make_example --sample NAME`.",
            icon=":material/science:",
        )
    st.markdown(BACKGROUND)
    st.caption(as_text(ready()))
except VPEError as error:
    st.error(as_text(str(error)), icon=":material/error:")
