"""The public face of `vpe_core`, and the direction in which its parts may depend on each other."""

from __future__ import annotations

import ast
import doctest
import importlib
import importlib.metadata
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import vpe_core

ROOT = Path(vpe_core.__file__).resolve().parent.parent
MODULES = sorted(info.name for info in pkgutil.walk_packages(vpe_core.__path__, "vpe_core."))
GROUPS = sorted({name.split(".")[1] for name in MODULES})
WITHOUT_TORCH = [
    group
    for group in GROUPS
    if group in ("images", "markers", "prompts", "datasets", "scoring", "metrics", "leaks", "results", "plots")
]
ON_DEMAND = ("ray", "starlette")
"""What an extra brings that the app does without: nothing but its use may import it."""
CHARTS = ("classes", "controls", "curves", "figure", "gains", "take_along")
"""What draws with plotly, which the extra `plots` brings."""
STREAMLIT = {"streamlit", "streamlit_drawable_canvas"}
VAGUE = {"shown", "told", "once", "ahead", "elsewhere"}
"""What no function and no class is called: verbs and nouns of the field say more."""
ROOMS = (
    "errors", "lazy", "folders", "scratch", "settings", "types", "geometry", "registry", "documents", "extras",
    "network", "fetching", "clusters", "jobs", "cache", "scoring", "metrics", "images", "markers", "outlines",
    "variants", "ensembles", "prompts", "models", "attention", "serving", "datasets", "leaks", "results.store",
    "results.analysis", "results.exchange", "benchmark", "plots", "lab", "simulation", "training", "cli",
)  # fmt: skip
"""From the ground up: each imports only what stands before it."""


def source_path(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imported_names(path: Path) -> set[str]:
    """Top-level packages that a file imports anywhere, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def loaded_after(statement: str, candidates: tuple[str, ...]) -> str:
    """Which of the candidates are loaded after a statement has run in a fresh interpreter."""
    program = f"import sys\n{statement}\nprint(*[name for name in {candidates!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_the_public_names() -> None:
    assert set(vpe_core.__all__) == {
        "Arrow", "Box", "Heatmap", "Polygon", "VPEError", "build_prompts", "draw_marker", "explain", "list_models",
        "load_image", "load_model", "open_dataset", "overlay", "render_variant",
    }  # fmt: skip
    for name in vpe_core.__all__:
        assert callable(getattr(vpe_core, name))
        assert name in dir(vpe_core)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'load_modle'"):
        _ = vpe_core.load_modle


def test_the_version_is_the_one_that_is_cited() -> None:
    assert f"version: {vpe_core.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {vpe_core.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("torch", "streamlit", "numpy", "PIL", "pandas", "pydicom")
    assert loaded_after("import vpe_core; from vpe_core import Box", heavy) == ""


@pytest.mark.parametrize("group", WITHOUT_TORCH)
def test_torch_stays_out(group: str) -> None:
    statement = "\n".join(f"import {name}" for name in MODULES if name.split(".")[1] == group)
    assert loaded_after(statement, ("torch", "streamlit", "open_clip", "transformers")) == ""


def test_what_the_app_does_without_stays_out() -> None:
    statement = "\n".join(f"import {name}" for name in MODULES if not name.endswith("__main__"))
    assert loaded_after(statement, ON_DEMAND) == ""


def test_the_library_never_imports_streamlit() -> None:
    found = {module for module in MODULES if imported_names(source_path(module)) & STREAMLIT}
    assert found == set()


def room_of(module: str) -> str:
    parts = module.split(".")[1:]
    if parts[:1] == ["results"]:
        return ".".join(parts[:2]) if len(parts) > 1 else "results.store"  # the face of all three rooms
    return parts[0] if parts else ""


def test_what_is_further_down_never_imports_what_is_further_up() -> None:
    upward = []
    for module in MODULES:
        for node in ast.walk(ast.parse(source_path(module).read_text())):
            if not isinstance(node, ast.ImportFrom):
                continue
            names = {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
            here, reached = room_of(module), {room_of(name) for name in names & set(MODULES)} & set(ROOMS)
            upward += [
                f"{module} -> {there}" for there in reached if here in ROOMS and ROOMS.index(there) > ROOMS.index(here)
            ]
    assert upward == []
    assert {room_of(module) for module in MODULES} - {"__main__"} == set(ROOMS)


def _modules_with_examples() -> list[str]:
    # Without those that load a model: their examples need weights.
    return [name for name in MODULES if name.split(".")[1] in WITHOUT_TORCH and ">>>" in source_path(name).read_text()]


@pytest.mark.parametrize("module", _modules_with_examples())
def test_the_examples_in_docstrings_run(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0


def pinned(name: str) -> dict[str, str]:
    """Package (in normal form) and version of each line of a requirements file."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    asked = [Requirement(line) for line in lines if line and line != "-r requirements.txt"]
    return {one.name.lower().replace("_", "-"): str(one.specifier).removeprefix("==") for one in asked}


def test_the_requirements_are_what_is_installed() -> None:
    for package, version in (pinned("requirements.txt") | pinned("requirements-dev.txt")).items():
        assert importlib.metadata.version(package) == version


def ranges() -> dict[str, Requirement]:
    """What pyproject.toml asks for, with all extras, by package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    asked = [Requirement(line) for line in (*project["dependencies"], *(line for extra in extras for line in extra))]
    return {one.name.lower().replace("_", "-"): one for one in asked if one.name != project["name"]}


def test_the_pins_lie_in_the_ranges_of_the_package() -> None:
    pins = pinned("requirements.txt") | pinned("requirements-dev.txt")
    asked = ranges()
    assert set(asked) == set(pins)
    assert [str(one) for name, one in asked.items() if not one.specifier.contains(pins[name])] == []


def test_whatever_is_imported_is_required() -> None:
    sources = [*ROOT.glob("*.py"), *(ROOT / "pages").glob("*.py"), *(ROOT / "dashboard").rglob("*.py")]
    sources += (ROOT / "vpe_core").rglob("*.py")
    imported = {name for path in sources for name in imported_names(path)} - set(sys.stdlib_module_names)
    distributions = importlib.metadata.packages_distributions()
    required = {*pinned("requirements.txt"), *ON_DEMAND}
    for name in imported - {"dashboard", "vpe_core", "__future__"}:
        candidates = {package.lower().replace("_", "-") for package in distributions[name]}
        assert candidates & required, f"{name} is imported, but requirements.txt does not name {candidates}"


def test_without_the_extras_a_module_can_be_imported_or_says_what_to_install() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    brought = {Requirement(line).name for extra, lines in extras.items() if extra != "dev" for line in lines}
    missing = {
        module
        for module, packages in importlib.metadata.packages_distributions().items()
        if brought & {package.lower().replace("_", "-") for package in packages}
    }
    assert {"plotly", "streamlit", "pydicom", "nibabel"} <= missing
    program = f"""
import importlib, sys
sys.modules |= dict.fromkeys({missing!r})
for name in {[name for name in MODULES if not name.endswith("__main__")]!r}:
    try:
        importlib.import_module(name)
    except Exception as error:
        print(name.removeprefix("vpe_core."), type(error).__name__, error, sep="|")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    refused = dict(line.split("|", 1) for line in done.stdout.splitlines())
    assert set(refused.values()) == {'VPEError|Charts need plotly. Install it: pip install "visual-prompt-lab[plots]"'}
    assert set(refused) == {f"plots.{name}" for name in (*CHARTS, "plotly")}


def test_dataclasses_that_hold_arrays_are_not_compared_field_by_field() -> None:
    """Two arrays have no single truth value, so a generated `==` raises (from Python 3.13 on, always)."""
    trees = {
        path: ast.parse(path.read_text())
        for top in ("vpe_core", "dashboard", "tests")
        for path in (ROOT / top).rglob("*.py")
    }
    known = {"NDArray", "ndarray", "Tensor", "DataFrame", "Series"}
    known |= {name for tree in trees.values() for name, value in aliases(tree).items() if is_array(value, known)}
    holding, compared = 0, []
    for path, tree in trees.items():
        arrays = known - {name for name, value in aliases(tree).items() if not is_array(value, known)}
        for cls in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
            made = [text for text in map(ast.unparse, cls.decorator_list) if text.startswith("dataclass")]
            fields = [ast.unparse(node.annotation) for node in cls.body if isinstance(node, ast.AnnAssign)]
            if made and any(is_array(text, arrays) for text in fields):
                holding += 1
                compared += [f"{path.name}: {cls.name}"] if "eq=False" not in made[0] else []
    assert holding > 25
    assert compared == [], "Give them eq=False."


def test_a_name_stands_for_one_thing_and_says_what_it_is() -> None:
    homes: dict[str, list[str]] = {}
    vague = set()
    for path in sorted(path for top in ("vpe_core", "dashboard") for path in (ROOT / top).rglob("*.py")):
        place = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(place)
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name.strip("_").lower() in VAGUE:
                vague.add(f"{place}: {node.name}")
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}
    assert not vague


def aliases(tree: ast.Module) -> dict[str, str]:
    """What the names of types that a module defines stand for."""
    pairs = [
        (node.targets[0] if isinstance(node, ast.Assign) else node.target, node.value)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
    ]
    types = (ast.Subscript, ast.BinOp, ast.Constant)
    return {
        name.id: ast.unparse(value) for name, value in pairs if isinstance(name, ast.Name) and isinstance(value, types)
    }


def is_array(annotation: str, names: set[str]) -> bool:
    """Whether a type is or contains an array; functions may take and return them."""
    bare = annotation.strip("'\"")
    return not bare.startswith("Callable") and bool(names & set(re.findall(r"\w+", bare)))
