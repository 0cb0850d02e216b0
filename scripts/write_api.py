"""Writes docs/api, a page a subject, from the signatures and docstrings of the public names.

python -m scripts.write_api
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "api"
PAGES = {
    "images": (
        "Reading X-rays",
        ("vpe_core.load_image", "vpe_core.images.read_film", "vpe_core.images.Film", "vpe_core.images.apply_window"),
    ),
    "regions": ("Regions", ("vpe_core.Box", "vpe_core.Polygon", "vpe_core.Arrow")),
    "markers": (
        "Markers",
        ("vpe_core.draw_marker", "vpe_core.render_variant", "vpe_core.markers.VariantRenderer"),
    ),
    "models": (
        "Models",
        (
            "vpe_core.list_models", "vpe_core.load_model", "vpe_core.models.VisionLanguageModel",
            "vpe_core.types.Prediction", "vpe_core.models.Reading",
        ),
    ),
    "prompts": ("Prompts", ("vpe_core.build_prompts", "vpe_core.prompts.marker_suffix")),
    "attention": (
        "Attention",
        (
            "vpe_core.explain", "vpe_core.attention.explain_many", "vpe_core.Heatmap", "vpe_core.overlay",
            "vpe_core.attention.attention_inside", "vpe_core.attention.RegionAttention",
            "vpe_core.attention.fixed_scale", "vpe_core.attention.FixedScale", "vpe_core.attention.every_head",
            "vpe_core.attention.Heads", "vpe_core.attention.shares_of",
        ),
    ),
    "datasets": ("Data sets", ("vpe_core.open_dataset", "vpe_core.datasets.Dataset", "vpe_core.types.Sample")),
    "results": (
        "Stored results",
        (
            "vpe_core.results.find_runs", "vpe_core.results.open_run", "vpe_core.results.Run",
            "vpe_core.results.analysis.tables.paper_table",
        ),
    ),
    "leaks": (
        "What boxes give away",
        (
            "vpe_core.leaks.boxes_of_dataset", "vpe_core.leaks.boxes_of_table", "vpe_core.leaks.measure_leak",
            "vpe_core.leaks.BoxLeak", "vpe_core.leaks.GroupLeak", "vpe_core.leaks.Overlap",
            "vpe_core.leaks.TableSource", "vpe_core.leaks.read_leak",
            "vpe_core.results.analysis.matched.matched", "vpe_core.results.analysis.matched.MatchedGain",
            "vpe_core.results.analysis.matched.MatchedClass",
        ),
    ),
    "benchmark": (
        "Benchmarks",
        (
            "vpe_core.benchmark.plan.load_plan", "vpe_core.benchmark.plan.make_plan",
            "vpe_core.benchmark.runner.run_plan", "vpe_core.benchmark.runner.RunSettings",
        ),
    ),
    "metrics": (
        "Metrics",
        (
            "vpe_core.metrics.auroc", "vpe_core.metrics.auprc", "vpe_core.metrics.accuracy",
            "vpe_core.metrics.balanced_accuracy", "vpe_core.metrics.mcc", "vpe_core.metrics.ece",
            "vpe_core.metrics.PerClass", "vpe_core.metrics.draw_resamples", "vpe_core.metrics.bootstrap",
            "vpe_core.metrics.Bootstrap", "vpe_core.metrics.Interval", "vpe_core.metrics.compare",
            "vpe_core.metrics.Comparison", "vpe_core.metrics.delong_test", "vpe_core.metrics.DeLongTest",
            "vpe_core.metrics.Metric",
        ),
    ),
    "lab": (
        "The marker lab",
        (
            "vpe_core.lab.names", "vpe_core.lab.get", "vpe_core.lab.LabScene", "vpe_core.lab.MarkerStyle",
            "vpe_core.lab.Drawing", "vpe_core.lab.Study",
        ),
    ),
    "errors": ("Errors", ("vpe_core.VPEError",)),
}  # fmt: skip
MADE = "<!-- Made from the docstrings by `python -m scripts.write_api`; change those. -->"
TYPES = """\
Types in the signatures:

- `ImageSource`: one image: a path, the bytes of a file, a Pillow image, or a numpy array: (height, width) of any real
  type, or (height, width, channels) of uint8, uint16 or, from 0 to 1, of float. A stack (n, height, width) is refused,
  because it might be one image with its channels first: give `list(stack)` where several are taken.
- `ImageSources`: one image or many: a list of them, or an array (n, height, width, channels). Results have a row an
  image, one for one image.
- `Texts`: one text or many.
- `AnyRegion`: a `Box`, `Polygon` or `Arrow`, or the four numbers (x0, y0, x1, y1) of a box.
"""
_SECTION = re.compile(r"(Args|Attributes|Returns|Raises|Example):")
_ENTRY = re.compile(r"([\w.]+): (.*)", re.DOTALL)


class _Text:
    """An annotation that is printed as it is written."""

    def __init__(self, annotation: object) -> None:
        self._text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)

    def __repr__(self) -> str:
        return self._text.strip("'\"")


def pages() -> dict[str, str]:
    """The text of each file of the folder, by its name."""
    made = {f"{name}.md": _page(title, paths) for name, (title, paths) in PAGES.items()}
    return {"README.md": _index(), **made}


def _index() -> str:
    parts = [MADE, "# The library", "From the docstrings. `docs/tour.ipynb` shows it at work.", TYPES.strip()]
    for page, (title, paths) in PAGES.items():
        lines = "\n".join(f"- `{path}`: {_summary(_found(path))}" for path in paths)
        parts.append(f"## [{title}]({page}.md)\n\n{lines}")
    return "\n\n".join(parts) + "\n"


def _page(title: str, paths: tuple[str, ...]) -> str:
    return "\n\n".join([MADE, f"# {title}", *(part for path in paths for part in _entry(path))]) + "\n"


def _found(path: str) -> object:
    module, name = path.rsplit(".", 1)
    return getattr(import_module(module), name)


def _entry(path: str) -> Iterator[str]:
    thing = _found(path)
    yield f"## {path}"
    if not isinstance(thing, type):
        yield _signature(path.rsplit(".", 1)[1], thing)
        yield from _markdown(thing)
        return
    if issubclass(thing, Exception):
        yield _fenced(inspect.getdoc(import_module(thing.__module__)) or "", "text")
        return
    if not thing.__init__.__qualname__.startswith("VisionLanguageModel"):
        yield _signature(thing.__name__, thing)
    yield from _markdown(thing)
    for name, member in vars(thing).items():
        if not name.startswith("_"):
            yield from _member(name, member)


def _member(name: str, member: object) -> Iterator[str]:
    """A method or a property; fields are told by the class."""
    if isinstance(member, property | cached_property):
        getter = member.fget if isinstance(member, property) else member.func
        returned = _Text(inspect.signature(getter).return_annotation)  # type: ignore[arg-type]
        yield f"### {name}: {returned}"
        yield from _markdown(member)
    elif inspect.isfunction(member) or isinstance(member, classmethod):
        function = member.__func__ if isinstance(member, classmethod) else member
        yield f"### {name}"
        yield _signature(name, function)
        yield from _markdown(function)


def _signature(name: str, thing: object) -> str:
    """One line, or, where that is too long, a line a parameter."""
    whole = inspect.signature(thing)  # type: ignore[arg-type]
    parameters = [
        one.replace(
            annotation=one.annotation if one.annotation is one.empty else _Text(one.annotation),
            default=_Text("...") if " at 0x" in repr(one.default) else one.default,
        )
        for one in whole.parameters.values()
        if one.name not in ("self", "cls")
    ]
    is_class = isinstance(thing, type) or whole.return_annotation is whole.empty
    returned = whole.empty if is_class else _Text(whole.return_annotation)
    text = name + str(whole.replace(parameters=parameters, return_annotation=returned))
    if len(text) > 100:
        listed = [str(one) for one in parameters]
        first_keyword = next((n for n, one in enumerate(parameters) if one.kind is one.KEYWORD_ONLY), None)
        if first_keyword is not None:
            listed.insert(first_keyword, "*")
        text = f"{name}(\n" + "".join(f"    {one},\n" for one in listed) + ")"
        text += "" if returned is whole.empty else f" -> {returned}"
    return _fenced(text, "python")


def _summary(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")


def _markdown(thing: object) -> Iterator[str]:
    """A Google-style docstring: sections become lists, examples code."""
    text = inspect.getdoc(thing) or ""
    parts = re.split(rf"^{_SECTION.pattern}\n", text, flags=re.MULTILINE)
    if parts[0].strip():
        yield parts[0].strip()
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        lines = inspect.cleandoc("\n" + body)
        if heading == "Example":
            yield _fenced(lines, "python")
        elif heading == "Returns":
            yield f"**Returns:** {lines}"
        else:
            entries = re.split(r"\n(?=\S)", lines)
            yield f"**{heading}**"
            yield "\n".join(_item(entry) for entry in entries)


def _item(entry: str) -> str:
    one_line = " ".join(entry.split())
    named = _ENTRY.fullmatch(one_line)
    return f"- `{named[1]}`: {named[2]}" if named else f"- {one_line}"


def _fenced(text: str, language: str) -> str:
    return f"```{language}\n{text}\n```"


def main() -> None:
    """Write all pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
