"""What leaves the app says what it is: what was asked and answered, and whether it is simulated or out of its domain.

The words stand in a strip below the picture, so that no pixel of it is covered, in the file's own description, and in
its name.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from vpe_core.plots.lettering import fitting_size, font, printable, wrapped
from vpe_core.plots.plotly import go
from vpe_core.plots.theme import DARK, Palette

LABEL = "Simulated X-ray: computed, nobody's disease"
OUT_OF_DOMAIN = "Out of its domain: the model has seen only simulated X-rays"
PREFIX = "simulated-"
_STRIP_SHARE, _MIN_STRIP_PX = 0.045, 18
_TEXT_SHARE, _WIDTH_SHARE = 0.62, 0.94
_CAPTION_SHARE, _MIN_CAPTION_PX, _LINE_SHARE = 0.026, 11, 1.45
_CAPTION_WIDTH_PX = 120
"""A caption is not written below a picture that is narrower."""
_INK, _GROUND = (255, 255, 255), (0, 0, 0)
_CHART_STRIP_PX = 36


def file_name(name: str, *, simulated: bool) -> str:
    """The name of a file; one about simulated X-rays says so."""
    return f"{PREFIX if simulated else ''}{name}"


def what_it_is(*, simulated: bool, out_of_domain: bool) -> str:
    """What must be known of a picture; empty for a real X-ray in front of a model that knows such."""
    return LABEL if simulated else OUT_OF_DOMAIN if out_of_domain else ""


def png_file(
    picture: Image.Image, name: str, *, simulated: bool, out_of_domain: bool = False, caption: Sequence[str] = ()
) -> tuple[bytes, str]:
    """A picture as a PNG file: its content and its name.

    Args:
        picture: Any mode.
        name: Of the file, before it says that it is simulated.
        simulated: Whether the X-ray is simulated.
        out_of_domain: Whether the model has seen nothing like it.
        caption: Lines for a strip below the picture, the most important first; the file's comment has them, too.
    """
    label = what_it_is(simulated=simulated, out_of_domain=out_of_domain)
    if caption:
        picture = with_caption(picture, caption)
    if label:
        picture, name = with_label(picture, label), file_name(name, simulated=simulated)
    return png_bytes(picture, label, caption), name


def png_bytes(picture: Image.Image, description: str = "", comment: Sequence[str] = ()) -> bytes:
    """The picture as PNG, with what it is and what was asked in the file itself."""
    about = PngInfo()
    about.add_text("Software", "Visual Prompt Lab")
    if description:
        about.add_text("Description", description)
    if comment:
        about.add_itxt("Comment", " · ".join(comment))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=about)
    return buffer.getvalue()


def with_label(picture: Image.Image, label: str = LABEL) -> Image.Image:
    """A copy of the picture, RGB, with a strip below that says what it is."""
    strip = max(_MIN_STRIP_PX, round(_STRIP_SHARE * min(picture.size)))
    labelled = _with_room(picture, strip)
    text, size = label, fitting_size(label, _TEXT_SHARE * strip, _WIDTH_SHARE * picture.width)
    if size < _TEXT_SHARE * strip:
        text = label.partition(":")[0]
        size = fitting_size(text, _TEXT_SHARE * strip, _WIDTH_SHARE * picture.width)
    middle = (picture.width / 2, picture.height + strip / 2)
    ImageDraw.Draw(labelled).text(middle, printable(text), _INK, font(size), anchor="mm")
    return labelled


def with_caption(picture: Image.Image, lines: Sequence[str]) -> Image.Image:
    """A copy of the picture, RGB, with lines of text below it; the first one is large."""
    if picture.width < _CAPTION_WIDTH_PX:
        return picture.convert("RGB")
    size = max(_MIN_CAPTION_PX, _CAPTION_SHARE * min(picture.size))
    margin = (1 - _WIDTH_SHARE) / 2 * picture.width
    sizes = [1.3 * size, *[size] * (len(lines) - 1)]
    broken = [
        (part, height, number == 0)
        for number, (line, height) in enumerate(zip(lines, sizes, strict=True))
        for part in wrapped(line, height, _WIDTH_SHARE * picture.width, bold=number == 0)
    ]
    captioned = _with_room(picture, round(_LINE_SHARE * sum(height for _, height, _ in broken) + size))
    pen, y = ImageDraw.Draw(captioned), picture.height + size / 2
    for text, height, bold in broken:
        pen.text((margin, y), text, _INK if bold else DARK.muted, font(height, bold=bold), anchor="la")
        y += _LINE_SHARE * height
    return captioned


def _with_room(picture: Image.Image, room_px: int) -> Image.Image:
    roomy = Image.new("RGB", (picture.width, picture.height + room_px), _GROUND)
    roomy.paste(picture, (0, 0))
    return roomy


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
