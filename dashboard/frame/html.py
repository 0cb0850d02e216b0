"""The app's own pieces of HTML, from `dashboard/templates`; whatever a value contains, it is shown as plain text."""

from __future__ import annotations

from pathlib import Path

from vpe_core.plots.html import renderer

render = renderer(Path(__file__).parent.parent / "templates")
