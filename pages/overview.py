"""Overview: what this is, one worked example, what is ready to use."""

import streamlit as st

from dashboard.frame.attention_words import attention_sentence
from dashboard.frame.html import render
from dashboard.frame.page import page_link, page_setup
from dashboard.frame.words import answer_sentence, as_text
from dashboard.library.example import AFTER, BEFORE, Example, example_dir, load_example
from vpe_core import models
from vpe_core.datasets.gallery import offered
from vpe_core.errors import VPEError
from vpe_core.plots.answer_html import OverlayImage, answer_bars, overlay_pair

INTRODUCTION = """
Draw an arrow, a box or a circle on a chest X-ray, and a vision-language model may change its mind: the marker steers
where it looks and what it says. This app shows it live, and the library under it measures it. It implements the
system of Denner et al., *Visual Prompt Engineering for Vision Language Models in Radiology* (MIDL 2025,
[arXiv 2408.15802](https://arxiv.org/abs/2408.15802)), who report that visual markers improve AUROC by up to 0.185. The
small models that come with the app show how that can work: SimCLIP was trained to follow markers, its plain twin
never saw one.
"""
STEPS = """
1. **Point.** Choose an X-ray, or upload one, and draw on it.
2. **Compare.** The model answers twice, without and with the marker, and shows where it looked.
3. **Question.** Change the wording, the colour, the model. Is it the marker, or only its size and place?
"""


def worked_example(example: Example) -> None:
    """One stored answer, measured by the command that it names."""
    pictures = [
        OverlayImage((example_dir() / name).read_bytes(), example.size_wh, f"Attention, {how}")
        for name, how in ((BEFORE, "without a marker"), (AFTER, "with a red circle"))
    ]
    bars = answer_bars(
        example.classes, example.without, example.marked, marker="circle", source=example.model_title, simulated=True
    )
    sentence = answer_sentence(example.classes, example.without, example.marked, "circle")
    attention = attention_sentence(
        example.attention_before, example.attention_after, example.area, "inside the circle", example.asked_for
    )
    left, right = st.columns(2, gap="medium")
    left.html(render("section", content=overlay_pair(*pictures, marker="circle", shows=example.shows)))
    left.html(render("paragraph", kind="attention", text=attention))
    right.html(render("section", content=bars + render("paragraph", kind="sentence", text=sentence)))
    x0, y0, x1, y1 = (f"{value:g}" for value in example.region)
    with right:
        page_link(
            "pages/live_demo.py",
            "Open this X-ray in the live demo",
            icon=":material/draw:",
            query_params={"sample": example.sample, "marks": f"circle:{x0},{y0},{x1},{y1}", "target": example.target},
        )
    st.caption(
        as_text(
            f"A circle around the {example.finding} in {example.sample}: one example, chosen because it shows the "
            f"effect well; the Benchmark page has whole test sets. Measured with: {example.command}"
        )
    )


def ready() -> str:
    """What can be used at once, in one sentence."""
    titles = [models.get(name).title for name in models.names() if models.is_ready(models.get(name))]
    images = offered()
    simulated = sum(image.simulated for image in images)
    real = len(images) - simulated
    return (
        f"Ready: {', '.join(titles) or 'no model'}; {simulated} simulated and {real} real X-rays. "
        "More models and X-rays can be fetched under Data and models."
    )


page_setup("Visual Prompt Lab", "Visual prompt engineering for vision-language models in radiology.")
st.markdown(INTRODUCTION)
try:
    example = load_example()
    if example:
        worked_example(example)
    else:
        st.info(
            "A worked example would be shown here. Measure it with `python -m scripts.make_example --sample NAME`.",
            icon=":material/science:",
        )
    st.markdown(STEPS)
    page_link("pages/live_demo.py", "Start with the live demo", icon=":material/arrow_forward:")
    st.caption(as_text(ready()))
except VPEError as error:
    st.error(as_text(str(error)), icon=":material/error:")
