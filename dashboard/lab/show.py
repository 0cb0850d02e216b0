"""What several parts show in the same way: sentences, charts, pictures, the way to the live demo."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar

import plotly.graph_objects as go
import streamlit as st
from PIL import Image

from dashboard.demo.answer_column.settings import model_title
from dashboard.demo.state import session
from dashboard.demo.state.demo_state import DemoState
from dashboard.frame.html import render
from dashboard.frame.jpeg import jpeg
from dashboard.frame.page import go_to
from dashboard.frame.palette import palette
from dashboard.frame.shared_models import shared_model
from dashboard.frame.view import ENLARGED, view
from dashboard.frame.words import ANSWER_OUT_OF_DOMAIN, as_text
from dashboard.lab.subject import Subject
from vpe_core.plots.figure import enlarge
from vpe_core.plots.take_along import PREFIX, say_simulated

LIVE_DEMO, MARKER_LAB, ATTENTION = "pages/live_demo.py", "pages/marker_lab.py", "pages/attention.py"
NO_ATTENTION = "This model's last-layer attention cannot be read, so there is none here."

_NO_VERDICT = "So there is no verdict here; the numbers only show what it does."
T = TypeVar("T")


def sentence(text: str, subject: Subject) -> None:
    """What a study says, with the pill of simulated numbers; nothing of a picture that the model knows nothing like."""
    said = f"{ANSWER_OUT_OF_DOMAIN} {_NO_VERDICT}" if subject.astray else text
    st.html(render("lab_sentence", text=said, simulated=subject.xray.simulated))


def chart(figure: go.Figure, key: str, alt: str, subject: Subject, *, named: bool = True) -> None:
    """A chart; of a simulated X-ray it says so.

    Args:
        figure: The chart.
        key: Its own.
        alt: What it shows, in words.
        subject: What it is of.
        named: Whether the chart says it itself, or something beside it.
    """
    if subject.xray.simulated and named:
        say_simulated(figure, palette(), "simulated X-ray")
    if view():
        enlarge(figure, ENLARGED)
    config = {
        "displaylogo": False,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d", "pan2d", "zoom2d"],
        "toImageButtonOptions": {"filename": f"{PREFIX if subject.xray.simulated else ''}{key}", "scale": 2},
    }
    st.plotly_chart(figure, key=f"lab chart {key}", config=config, alt=alt, theme="streamlit")


def stored_choice(
    title: str, records: Sequence[T], name: Callable[[T], str], *, key: str, missing: str, command: str
) -> T | None:
    """One of the stored records, the first unless another is chosen; where there is none, how to make one.

    Args:
        title: Of the field.
        records: What is stored.
        name: What a record is called.
        key: Of the field.
        missing: What is said where there is none.
        command: What makes one.
    """
    if not records:
        st.caption(missing)
        st.code(command, language="bash")
        return None
    if len(records) == 1:
        return records[0]
    return st.selectbox(title, records, format_func=name, key=key, width=520)


def say_whose(subject: Subject, model: str, weights: str | None) -> None:
    """Says where stored numbers are not this model's: they are another's, or were measured with other weights of it.

    Args:
        subject: With the model that is asked here.
        model: The name of the model that was measured.
        weights: SHA-256 of its weights; None where that is not known.
    """
    asked = model_title(subject.model)
    if model != subject.model:
        st.info(as_text(f"These numbers are of {model_title(model)}, not of {asked}, the model chosen above."))
    elif weights not in (None, shared_model(model).record.weights_sha256):
        st.warning(
            as_text(f"These numbers come from other weights of {asked} than those on this machine, so this model's may "
                    "differ. Measure again to have them."),
            icon=":material/warning:",
        )  # fmt: skip


def jpeg_text(image: Image.Image, quality: int = 85) -> str:
    """A picture as a page embeds it."""
    return b64encode(jpeg(image, quality)).decode("ascii")


def send_to_demo(state: DemoState, target: str, key: str, label: str = "Send to the live demo") -> None:
    """A button that opens the live demo with a state, and with the class that is followed here."""
    if st.button(label, key=key, icon=":material/draw:"):
        looks = {name: getattr(state, name) for name in ("marks", "treatment", "color", "width", "protocol")}
        session.change(**looks, target=target)
        go_to(LIVE_DEMO)
