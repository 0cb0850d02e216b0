from __future__ import annotations

from pathlib import Path

from vpe_core.datasets import open_dataset, undecodable_images


def test_only_decoding_finds_a_file_that_ends_early(nih: Path) -> None:
    image = nih / "images_012" / "images" / "00030804_000.png"
    image.write_bytes(image.read_bytes()[:1500])
    dataset = open_dataset("nih14", nih)
    assert dataset.problems == ()
    told: list[tuple[int, int]] = []
    (problem,) = undecodable_images(dataset, lambda *step: told.append(step))
    assert (problem.file, problem.row, problem.kind) == (
        "images_012/images/00030804_000.png", None, "unreadable image",
    )  # fmt: skip
    assert "Cannot read '00030804_000.png'" in problem.reason
    assert told == [(1, 2), (2, 2)]
