"""The wall before all pages: there where an identity provider is configured, nowhere else."""

from __future__ import annotations

from types import ModuleType

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.frame.page import PAGES
from tests.pages.test_pages import TIMEOUT_S, TITLES
from vpe_core.settings import PROJECT_DIR, get_settings

PROVIDER = {"client_id": "a", "client_secret": "b", "server_metadata_url": "https://id.invalid/configuration"}
AUTH = {"redirect_uri": "https://lab.invalid/oauth2callback", "cookie_secret": "c"}


@pytest.fixture
def authlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.frame.login.find_spec", ModuleType)


def page(file: str, auth: dict[str, object] | None, *, logged_in: bool = False) -> AppTest:
    app = AppTest.from_file(str(PROJECT_DIR / file), default_timeout=TIMEOUT_S)
    if auth is not None:
        app.secrets["auth"] = auth
    app.user = {"is_logged_in": logged_in}
    return app.run()


@pytest.mark.usefixtures("authlib")
@pytest.mark.parametrize("file", [page.file for page in PAGES])
def test_no_page_shows_anything_before_its_visitor_has_logged_in(file: str) -> None:
    shut = page(file, {**AUTH, **PROVIDER})
    assert [title.value for title in shut.title] == [TITLES[file]]
    assert [button.label for button in shut.main.button] == ["Log in"]
    assert not [*shut.exception, *shut.expander, *shut.selectbox, *shut.header, *shut.markdown]
    shown = page(file, {**AUTH, **PROVIDER}, logged_in=True)
    assert shown.sidebar.button(key="frame_logout").label == "Log out"
    assert [*shown.expander, *shown.header, *shown.markdown]


@pytest.mark.usefixtures("authlib")
def test_each_provider_has_its_button_and_asks_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []
    monkeypatch.setattr(st, "login", asked.append)
    shut = page(PAGES[0].file, {**AUTH, "google": PROVIDER, "clinic": PROVIDER, "client_kwargs": {"scope": "openid"}})
    assert [button.label for button in shut.main.button] == ["Log in with google", "Log in with clinic"]
    shut.button(key="frame_login_clinic").click().run()
    assert asked == ["clinic"]


def test_where_a_login_is_wanted_and_cannot_work_the_app_stays_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "lacks the package Authlib" in page(PAGES[0].file, {**AUTH, **PROVIDER}).error[0].value
    monkeypatch.setenv("VPE_LOGIN", "true")
    get_settings.cache_clear()
    shut = page(PAGES[0].file, None)
    assert "lacks a section [auth]" in shut.error[0].value
    assert not shut.header
