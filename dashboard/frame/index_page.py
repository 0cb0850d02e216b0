"""The page that a browser loads first: Streamlit's own, with our choice of a theme before its scripts run.

Streamlit decides on the theme before the app can say anything. A choice that comes later, from a component, would have
to load the page anew, and what was drawn by then would be lost.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from dashboard.frame.assets import asset

_INDEX = Path(st.__file__).parent / "static" / "index.html"
_NOT_KEPT = {"Cache-Control": "no-cache"}
"""As Streamlit sends its own: the page names files that are other ones after an update."""


def index_routes(base: str, pages: tuple[str, ...]) -> list[Route]:
    """The addresses of the pages; all others stay Streamlit's.

    Args:
        base: The server's base path, as "/base"; may be empty.
        pages: What the pages are called below it.
    """
    return [Route(f"{base}/{page}", _index) for page in ("", *pages)]


async def _index(_request: Request) -> HTMLResponse:
    return HTMLResponse(index_page(), headers=_NOT_KEPT)


@cache
def index_page() -> str:
    """Streamlit's page with `assets/theme.js` first in its head, and dark from the start where the app will be."""
    dark = f"html.vpl-begins-dark:not(:has(#root > *)) {{ background: {st.get_option('theme.dark.backgroundColor')} }}"
    ours = f"<head>\n    <style>{dark}</style>\n    <script>\n{asset('theme.js')}    </script>"
    return _INDEX.read_text(encoding="utf-8").replace("<head>", ours, 1)
