"""Keep what the benchmark page shows first, so that the first visitor of a server need not wait for its bootstraps.

    python -m scripts.keep_first_answers

The page is run as for somebody who opens it without a link; what it asks is computed anew and written into
`precomputed/results/first_answers.json`. To be run again when a test says that the file is not up to date.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from unittest.mock import patch

from pydantic import TypeAdapter
from streamlit.testing.v1 import AppTest

from dashboard.benchmark import first_answers
from dashboard.benchmark.results import evaluation
from vpe_core.results.store.files import write_atomically
from vpe_core.settings import PROJECT_DIR

T = TypeVar("T")
_LONGEST_S = 120.0


def main() -> None:
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(computed().items()))
    head = f'"{first_answers.MADE_WITH}": "{first_answers.made_with()}",\n"{first_answers.ANSWERS}": '
    text = f"{{{head}{{\n{lines}\n}}}}\n"
    write_atomically(first_answers.file(), lambda stream: stream.write(text.encode()))


def computed() -> dict[str, Any]:
    """The answers that the page asks first, none of them kept, as they are written."""
    found: dict[str, Any] = {}

    def record(kind: TypeAdapter[T], key: tuple[Hashable, ...], compute: Callable[[], T]) -> T:
        value = compute()
        found[first_answers.name_of(key)] = kind.dump_python(value)
        return value

    evaluation.clear()
    with patch.object(first_answers, "kept_or_computed", record):
        app = AppTest.from_file(str(PROJECT_DIR / "pages" / "benchmark.py"), default_timeout=_LONGEST_S).run()
    if app.exception:
        raise RuntimeError(f"Expected the page without an error, but: {app.exception[0].message}")
    return found


if __name__ == "__main__":
    main()
