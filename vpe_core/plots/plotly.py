"""Plotly, which the extra `plots` brings, or what to install where it is missing."""

# ruff: noqa: E402
from __future__ import annotations

from vpe_core.errors import VPEError
from vpe_core.extras import require

require("plotly", "plots", "Charts need", VPEError)

import plotly.graph_objects as go
from plotly.subplots import make_subplots

__all__ = ["go", "make_subplots"]
