from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from vpe_core.plots.html import renderer
from vpe_core.settings import PROJECT_DIR

TEMPLATES = sorted(path for top in ("dashboard", "vpe_core") for path in (PROJECT_DIR / top).rglob("templates/*.html"))
TAG = re.compile(r"</?(a|bdi|div|figure|img|p|section|small|span|strong|t[dhr]|table)\b")


def test_values_are_shown_as_plain_text_unless_they_are_html_themselves(tmp_path: Path) -> None:
    (tmp_path / "note.html").write_text('<p title="{{ name }}">{{ name }}{{ pill }}</p>\n')
    render = renderer(tmp_path)
    html = render("note", name='<b>"A&B"', pill=Markup("<i>x</i>"))
    assert html == '<p title="&lt;b&gt;&#34;A&amp;B&#34;">&lt;b&gt;&#34;A&amp;B&#34;<i>x</i></p>'
    with pytest.raises(UndefinedError, match="pill"):
        render("note", name="x")


def test_html_is_made_by_templates_only() -> None:
    # A text that is put between tags by hand is escaped only if somebody thinks of it. Charts have tags of their own.
    found = []
    for top in ("dashboard", "pages", "vpe_core"):
        for path in (PROJECT_DIR / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr) and TAG.search(ast.unparse(node)):
                    found.append(f"{path.name}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_turns_escaping_off(template: Path) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape", template.read_text())
