from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.demo.state.state_link import state_from_query
from tests.app_home import chest
from tests.datasets.conftest import nih
from vpe_core.datasets.gallery import Finding, real_xrays, set_image, set_sample_name, simulated_gallery
from vpe_core.errors import DatasetError
from vpe_core.settings import PROJECT_DIR, get_settings
from vpe_core.types import Box

__all__ = ["nih"]

HEADER = "image,title,finding,x0,y0,x1,y1,side,zone,size_mm,difficulty,note\n"


def write(folder: Path, rows: str) -> Path:
    table = folder / "samples.csv"
    table.write_text(HEADER + rows, encoding="utf-8")
    return table


def test_one_entry_an_image_with_all_its_findings(tmp_path: Path) -> None:
    table = write(
        tmp_path,
        'a.png,"Mass, left",lung mass,10,20,110.5,90,left,upper,31,easy,Look left.\n'
        'a.png,"Mass, left",pleural effusion,300,400,390,480,right,lower,,easy,Look left.\n'
        "b.png,No abnormality,,,,,,,,,hard,\n",
    )
    first, second = simulated_gallery(table)
    assert (first.name, first.path, first.title, first.simulated) == ("a", tmp_path / "a.png", "Mass, left", True)
    assert first.findings == (
        Finding("lung mass", Box(10, 20, 110.5, 90)),
        Finding("pleural effusion", Box(300, 400, 390, 480)),
    )
    assert second.findings == ()


def test_without_a_table_there_are_no_samples(tmp_path: Path) -> None:
    assert simulated_gallery(tmp_path / "samples.csv") == ()
    assert real_xrays(tmp_path / "real_samples.csv") == ()


@pytest.mark.parametrize(
    "row",
    [
        "../../etc/passwd,t,,,,,,,,,,\n",
        "/etc/passwd,t,,,,,,,,,,\n",
        ",t,,,,,,,,,,\n",
        "a.png,t,mass,1,2,x,4,,,,,\n",
        "a.png,t,mass,10,2,5,4,,,,,\n",
    ],
)
def test_a_malformed_table_says_so(tmp_path: Path, row: str) -> None:
    with pytest.raises(DatasetError, match=r"samples\.csv"):
        simulated_gallery(write(tmp_path, row))


def test_the_shipped_table_of_real_xrays_names_public_files_with_hashes() -> None:
    entries = real_xrays(PROJECT_DIR / "precomputed" / "real_samples.csv")
    assert len(entries) == 24
    assert len({entry.sha256 for entry in entries}) == 24
    assert all(entry.url.startswith("https://") and entry.url.endswith(entry.file) for entry in entries)
    assert all(len(entry.sha256) == 64 and 0 < entry.size_bytes < 1_000_000 for entry in entries)
    assert not any(entry.image.simulated for entry in entries)
    boxes = [finding.box for entry in entries for finding in entry.image.findings]
    assert len(boxes) == 6
    assert all(0 <= box.x0 < box.x1 <= 1024 and 0 <= box.y0 < box.y1 <= 1024 for box in boxes)


def test_the_shipped_samples_exist_and_their_findings_lie_inside() -> None:
    from vpe_core.images import load_image

    entries = simulated_gallery(PROJECT_DIR / "precomputed" / "samples" / "samples.csv")
    if not entries:
        pytest.skip("this checkout has no samples")
    assert len(entries) >= 24
    for entry in entries:
        width, height = load_image(entry.path).size
        for finding in entry.findings:
            assert finding.box.clipped(width, height) == finding.box


def test_an_image_of_a_data_set_on_this_machine_comes_with_all_its_findings(
    nih: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = set_sample_name("nih14", "00000013_005.png")
    assert set_image(name) is None
    (nih.parent / "sets").mkdir()
    (nih.parent / "sets" / "nih14").symlink_to(nih)
    monkeypatch.setenv("VPE_DATASETS_DIR", str(nih.parent / "sets"))
    get_settings.cache_clear()
    image = set_image(name)
    assert image is not None
    assert not image.simulated
    assert [finding.label for finding in image.findings] == ["Infiltrate", "Mass"]
    assert image.findings[1].box == Box(10, 20, 40, 60)
    assert set_image(set_sample_name("nih14", "../../etc/passwd")) is None
    assert set_image(set_sample_name("table", "00000013_005.png")) is None


def test_unknown_names_do_not_open_a_data_set_again_and_one_that_comes_later_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboard.library import pictures
    from vpe_core import datasets

    monkeypatch.setenv("VPE_DATASETS_DIR", str(tmp_path))
    get_settings.cache_clear()
    opened: list[str] = []
    read = datasets.open_dataset
    monkeypatch.setattr(datasets, "open_dataset", lambda name, **more: opened.append(name) or read(name, **more))
    wanted = set_sample_name("table-mine", "in a folder/0.png")
    assert pictures.set_entry(wanted) is None
    folder = tmp_path / "table" / "in a folder"
    folder.mkdir(parents=True)
    chest((64, 64)).save(folder / "0.png")
    table = tmp_path / "table" / "mine.csv"
    table.write_text("image,label,x0,y0,x1,y1\nin a folder/0.png,mass,10,10,30,30\n")
    found = pictures.set_entry(wanted)
    assert found is not None
    assert (found.path, [finding.label for finding in found.findings]) == (folder / "0.png", ["mass"])
    for number in range(20):
        assert pictures.set_entry(set_sample_name("table-mine", f"nobody {number}.png")) is None
        assert pictures.set_entry(set_sample_name("table-other", f"{number}.png")) is None
    assert opened == ["table"]
    assert state_from_query({"sample": wanted})[0].sample == wanted
