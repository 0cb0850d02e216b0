"""What the ruler says of where a length is measured."""

import pytest

from dashboard.demo.film.reading import _spacing
from vpe_core.images import PixelSpacing


@pytest.mark.parametrize(
    ("mm", "size_wh", "doubt"),
    [
        (0.143, (2500, 3000), ""),
        (0.2, (900, 1200), ""),  # 18 x 24 cm
        (0.168, (1024, 1024), ". Doubtful: by this the whole picture is 17 cm long"),
        (1.5, (512, 512), ". Doubtful: by this the whole picture is 77 cm long"),
    ],
)
def test_a_spacing_that_is_not_of_this_file_is_doubted(mm: float, size_wh: tuple[int, int], doubt: str) -> None:
    told = _spacing(PixelSpacing(mm, mm, "PixelSpacing", "at the detector"), size_wh)
    assert told == {"row": mm, "column": mm, "where": f"at the detector{doubt}"}
    assert _spacing(None, size_wh) is None
