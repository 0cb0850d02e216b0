"""The page that a browser loads first: Streamlit's own, with our scripts for theme and history before its own run.

Streamlit decides on the theme before the app can say anything. A choice that comes later, from a component, would have
to load the page anew, and what was drawn by then would be lost. A link with a mistake is written anew by the first run
of its page: a script that came later would not know that this is no step of its own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st
from starlette.convertors import Convertor, register_url_convertor
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.frame.assets import asset

_INDEX = Path(st.__file__).parent / "static" / "index.html"
_SLASHES = "/\\"
HOME = "home"
"""What `app.py` calls the home page, to which Streamlit gives no address of its own."""
_SCRIPTS = ("theme.js", "history.js")
_NOT_KEPT = {"Cache-Control": "no-cache"}
"""As Streamlit sends its own: the page names files that are other ones after an update."""


class _PageName(Convertor[str]):
    """What a page can be called, also one that there is not: no file, and none of Streamlit's own addresses."""

    regex = r"(?!oauth2callback$)[^/._][^/.]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("page_name", _PageName())


def index_routes(base: str) -> list[Route]:
    """The addresses of the pages, and of those that are none, for which the app has words; others stay Streamlit's.

    Args:
        base: The server's base path, as "/base"; may be empty.
    """

    async def home(request: Request) -> RedirectResponse:
        return RedirectResponse(f"{base}/{'?' if request.url.query else ''}{request.url.query}")

    return [
        Route(f"{base}/", _index),
        Route(f"{base}/{HOME}", home),
        Route(f"{base}/{{name:page_name}}", _index),
    ]


class OneSlash:
    """Leads an address that begins with several slashes to the one that is meant; Streamlit refuses it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("//") and scope["method"] in ("GET", "HEAD"):
            meant = URL(scope=scope).replace(path=f"/{scope['path'].lstrip(_SLASHES)}")
            await RedirectResponse(f"{meant.path}{'?' if meant.query else ''}{meant.query}")(scope, receive, send)
        else:
            await self.app(scope, receive, send)


async def _index(_request: Request) -> HTMLResponse:
    return HTMLResponse(index_page(), headers=_NOT_KEPT)


@cache
def index_page() -> str:
    """Streamlit's page with our scripts first in its head, and dark from the start where the app will be."""
    dark = f"html.vpl-begins-dark:not(:has(#root > *)) {{ background: {st.get_option('theme.dark.backgroundColor')} }}"
    scripts = "".join(map(asset, _SCRIPTS))
    ours = f"<head>\n    <style>{dark}</style>\n    <script>\n{scripts}    </script>"
    return _INDEX.read_text(encoding="utf-8").replace("<head>", ours, 1)
