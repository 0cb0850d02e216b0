"""What leaves the app says what it is: a simulated X-ray, or an answer of a model that is out of its domain.

The words stand in a strip below the picture, so that no pixel of it is covered, in the file's own description, and in
its name.
"""

from __future__ import annotations

import io

import plotly.graph_objects as go
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from vpe_core.plots.theme import Palette

LABEL = "Simulated X-ray: computed, nobody's disease"
OUT_OF_DOMAIN = "Out of its domain: the model has seen only simulated X-rays"
PREFIX = "simulated-"
_STRIP_SHARE, _MIN_STRIP_PX = 0.045, 18
_TEXT_SHARE, _WIDTH_SHARE = 0.62, 0.94
_INK, _GROUND = (255, 255, 255), (0, 0, 0)
_CHART_STRIP_PX = 36


def file_name(name: str, *, simulated: bool) -> str:
    """The name of a file; one about simulated X-rays says so."""
    return f"{PREFIX if simulated else ''}{name}"


def png_file(picture: Image.Image, name: str, *, simulated: bool, out_of_domain: bool = False) -> tuple[bytes, str]:
    """A picture as a PNG file: its content and its name."""
    about = PngInfo()
    about.add_text("Software", "Visual Prompt Lab")
    if label := LABEL if simulated else OUT_OF_DOMAIN if out_of_domain else "":
        about.add_text("Description", label)
        picture, name = with_label(picture, label), file_name(name, simulated=simulated)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=about)
    return buffer.getvalue(), name


def with_label(picture: Image.Image, label: str = LABEL) -> Image.Image:
    """A copy of the picture, RGB, with a strip below that says what it is."""
    strip = max(_MIN_STRIP_PX, round(_STRIP_SHARE * picture.height))
    labelled = Image.new("RGB", (picture.width, picture.height + strip), _GROUND)
    labelled.paste(picture, (0, 0))
    ImageDraw.Draw(labelled).text(
        (picture.width / 2, picture.height + strip / 2),
        *_fitting(label, _WIDTH_SHARE * picture.width, strip),
        anchor="mm",
    )
    return labelled


def _fitting(
    label: str, width: float, height: int
) -> tuple[str, tuple[int, int, int], ImageFont.FreeTypeFont | ImageFont.ImageFont]:
    """Text, colour and font: the whole sentence if it fits, else its first words, as small as they must be."""
    size, short = _TEXT_SHARE * height, label.partition(":")[0]
    for text in (label, short):
        font = ImageFont.load_default(size)
        if font.getlength(text) <= width:
            return text, _INK, font
    return short, _INK, ImageFont.load_default(max(1.0, size * width / font.getlength(short)))


def say_simulated(figure: go.Figure, palette: Palette, words: str) -> None:
    """Write below a chart that its numbers come from simulated X-rays; the camera saves it with the chart."""
    figure.update_layout(
        height=(figure.layout.height or 0) + _CHART_STRIP_PX,
        margin={"b": (figure.layout.margin.b or 0) + _CHART_STRIP_PX},
        title={
            "text": words,
            "font": {"size": 11, "color": palette.muted},
            "x": 1, "xanchor": "right", "xref": "container", "y": 0, "yanchor": "bottom", "yref": "container",
            "pad": {"r": 8, "b": 4},
        },
    )  # fmt: skip
