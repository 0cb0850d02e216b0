"""What the lab works on, taken from the live demo's state. No streamlit here."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from dashboard.demo.answers.marked_xray import template_of, treatment_of
from dashboard.demo.film.xray import Xray
from dashboard.demo.state.demo_state import AS_DRAWN, COLORS, DemoState, with_question
from dashboard.frame.verdicts import CHOOSE
from vpe_core.lab import LabScene, MarkerStyle
from vpe_core.markers import get as get_marker
from vpe_core.markers.marks import Mark, area_of, mark_on
from vpe_core.types import Box


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One X-ray with a region and a question, and the model that is asked.

    Attributes:
        xray: As the model gets it.
        scene: The live demo's state, as the lab asks (`lab_state`), for the library.
        model: The model's name.
        astray: Whether the model has seen nothing like this X-ray, so that its answers mean nothing.
        secret: Whether what is known of the X-ray must not be given away.
    """

    xray: Xray
    scene: LabScene
    model: str
    astray: bool = False
    secret: bool = False

    @property
    def key(self) -> Hashable:
        """What tells it from others, without the model."""
        scene = self.scene
        return (
            self.xray.content, scene.region, scene.classes, scene.target, scene.style, scene.template, scene.named,
            scene.marker_words, scene.known, self.secret,
        )  # fmt: skip


def lab_state(state: DemoState) -> DemoState:
    """The state as the lab works on it: the latest shape alone, drawn as for people, and classes to choose from."""
    asked = with_question(state, CHOOSE)
    return replace(asked, marks=state.marks[-1:], protocol="native", width=round(state.native_width))


def is_secret(state: DemoState) -> bool:
    """Whether this is a quiz, and the answer is not shown."""
    return state.hidden and not state.findings


def scene_of(xray: Xray, state: DemoState, target: str) -> LabScene:
    """The scene that a `lab_state` with a mark shows.

    Raises:
        VPEError: The region lies outside the X-ray, or a class is not valid.
    """
    (mark,) = xray.exact(state.marks)
    treatment = treatment_of(state)
    marker = treatment or mark.marker
    is_area = treatment is not None and not get_marker(treatment).phrase  # which the live demo gives an area
    secret = is_secret(state)
    known = None if secret else next((finding.box for finding in xray.findings if finding.label == target), None)
    return LabScene(
        image=xray.image,
        region=area_of((mark,)) if is_area else mark.region,
        classes=state.shown_classes,
        target=target,
        style=MarkerStyle(marker, state.ink, float(state.width), color_name=state.color),
        template=template_of(state),
        named=state.suffix,
        marker_words=state.marker_words,
        known=known,
        avoid=tuple(finding.box for finding in xray.findings),
        healthy=xray.simulated and not xray.findings and not secret,
    )


def state_with(state: DemoState, style: MarkerStyle, region: Box, size_wh: tuple[int, int]) -> DemoState:
    """The live demo's state with its latest shape marked in another way.

    Args:
        state: With at least one shape.
        style: The way.
        region: The box of the region.
        size_wh: Size of the X-ray in pixels.
    """
    (latest,) = state.marks[-1:]
    marker = get_marker(style.marker)
    changed = replace(state, protocol="native", measured="", width=round(style.width))
    if "color" in style.uses:
        changed = replace(changed, color=style.color_name if style.color_name in COLORS else style.color)
    if marker.drawn_as is None:
        return replace(changed, treatment=style.marker, marks=(latest,))
    same = latest.marker == style.marker and state.treatment == AS_DRAWN
    mark = latest if same else mark_on(style.marker, region, size_wh)
    return replace(changed, treatment=AS_DRAWN, marks=(Mark(style.marker, mark.region),))
