"""The tree of errors, drawn at the top of its file, is the tree of classes."""

import re

from vpe_core import errors


def test_the_drawing_is_the_tree() -> None:
    drawn: dict[str, str] = {}
    parents = ["VPEError"]
    for bars, name in re.findall(r"^    ((?:[|`] {0,3}(?:-- )?)+)(\w+Error)", str(errors.__doc__), re.MULTILINE):
        depth = len(bars) // 4
        parents[depth:] = [name]
        drawn[name] = parents[depth - 1]
    classes = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    assert {name: kind.__base__.__name__ for name, kind in classes.items() if name != "VPEError"} == drawn
    assert errors.VPEError.__base__ is Exception
