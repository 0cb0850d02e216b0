"""Does anything but a picture or our own error come out of damaged files?

    python -m benchmarks.mutated_files
    python -m benchmarks.mutated_files --files 3000 --seed 0 --json > benchmarks/results/mutated_files.json

Files of every readable format are made, damaged in many ways (cut, bits and bytes changed, runs replaced, chunks
swapped, header fields and DICOM elements edited) and read as the app and a benchmark read them: decoded, shown,
stretched for the paper's protocol, and their header alone. The outcome must be a picture, or an `ImageReadError`
(`UnusableRow` for a header), within 10 s and 1 GB; and the header of whatever decodes must be read, with the same size.
Everything else, a crash of a decoder or a warning included, is printed with its number, and the exit code is 1. File N
of a seed is always the same.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

import pydicom
import typer
from pydicom.dataset import Dataset

from benchmarks.sound_files import png_chunk, sound_files
from vpe_core.datasets.headers import read_header
from vpe_core.datasets.rows import UnusableRow
from vpe_core.errors import ImageReadError
from vpe_core.images import load_image, read_pixels

TIME_LIMIT_S, MEMORY_LIMIT_BYTES = 10, 1_000_000_000
PICTURE, REFUSED = "picture", "refused"


def mutated(seed: int, number: int) -> tuple[str, bytes]:
    """The kind and the bytes of a damaged file."""
    chance = random.Random(f"{seed}-{number}")
    kind = chance.choice(sorted(sound_files()))
    data = sound_files()[kind]
    if kind.startswith("dicom") and chance.random() < 0.5:
        data = _with_edited_elements(data, chance)
    elif kind.startswith("png") and chance.random() < 0.5:
        data = _with_edited_chunks(data, chance)
    if data is sound_files()[kind] or chance.random() < 0.2:
        data = chance.choice([_cut, _bits_flipped, _bytes_changed, _run_replaced, _header_changed])(data, chance)
    return kind, data


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _bits_flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice([1, 2, 8, 64])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _bytes_changed(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    reach = min(len(changed), chance.choice([64, 600, len(changed)]))
    for _ in range(chance.choice([1, 3, 30])):
        changed[chance.randrange(reach)] = chance.choice([0, 255, 127, 128, chance.randrange(256)])
    return bytes(changed)


def _run_replaced(data: bytes, chance: random.Random) -> bytes:
    start, length = chance.randrange(len(data)), chance.choice([4, 16, 200])
    run = chance.choice([bytes(length), b"\xff" * length, chance.randbytes(length), data[:length], b""])
    return data[:start] + run + data[start + length :]


def _header_changed(data: bytes, chance: random.Random) -> bytes:
    """A 16- or 32-bit number near the beginning, or near the end (a TIFF directory), becomes another."""
    changed, n_bytes = bytearray(data), chance.choice([2, 4])
    reach = min(400, len(data) - n_bytes)
    place = chance.randrange(reach) if chance.random() < 0.7 else len(data) - n_bytes - chance.randrange(reach)
    number = chance.choice([0, 1, 2, 3, 255, 256, 1000, 65535, 2**31 - 1, 2**32 - 1]) % 256**n_bytes
    changed[place : place + n_bytes] = number.to_bytes(n_bytes, chance.choice(["little", "big"]))
    return bytes(changed)


def _with_edited_chunks(data: bytes, chance: random.Random) -> bytes:
    """A PNG file whose chunks are swapped, repeated, left out or changed, with checksums that fit."""
    chunks, position = [], 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        chunks.append((data[position + 4 : position + 8], data[position + 8 : position + 8 + length]))
        position += 12 + length
    for _ in range(chance.choice([1, 1, 2])):
        place, other = chance.randrange(len(chunks)), chance.randrange(len(chunks))
        kind, body = chunks[place]
        edit = chance.randrange(5)
        if edit == 0:
            chunks[place], chunks[other] = chunks[other], chunks[place]
        elif edit == 1:
            chunks.insert(other, (kind, body))
        elif edit == 2 and len(chunks) > 1:
            del chunks[place]
        elif edit == 3 and body:
            chunks[place] = (kind, _bytes_changed(body, chance))
        else:
            name = chance.choice([b"tEXt", b"zTXt", b"iCCP", b"eXIf", b"tRNS", b"gAMA", b"acTL", b"PLTE", b"ABCD"])
            chunks.insert(place, (name, chance.randbytes(chance.randrange(40))))
    return data[:8] + b"".join(png_chunk(kind, body) for kind, body in chunks)


_ELEMENTS = [
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "RescaleSlope",
    "RescaleIntercept", "WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence", "ModalityLUTSequence",
    "PixelData",
]  # fmt: skip
_VALUES = {
    "US": [b"", b"\0\0", b"\1\0", b"\3\0", b"\x0c\0", b"\xff\xff", b"\x10\0", b"\7", b"\1\0\2\0"],
    "DS": [b"", b"0 ", b"-1", b"nan ", b"inf ", b"1e300 ", b"2048,0", b"1\\2 ", b"\\", b"abc ", b"0.41", b"1e-300"],
    "IS": [b"", b"0 ", b"1 ", b"2 ", b"-3", b"99999999", b"x "],
    "CS": [b"", b"MONOCHROME1 ", b"MONOCHROME2 ", b"RGB ", b"YBR_FULL", b"YBR_FULL_422", b"PALETTE COLOR ", b"SIGMOID ",
           b"LINEAR_EXACT", b"FOO ", b"\xff\xfe"],
}  # fmt: skip


def _with_edited_elements(data: bytes, chance: random.Random) -> bytes:
    """A DICOM file with elements deleted, emptied or replaced; what cannot be written so is damaged otherwise."""
    dataset = pydicom.dcmread(BytesIO(data), force=True)
    try:
        for _ in range(chance.choice([1, 1, 2, 3])):
            _edit_element(dataset, chance.choice(_ELEMENTS), chance)
        stream = BytesIO()
        dataset.save_as(stream, enforce_file_format=False)
        return stream.getvalue()
    except Exception:
        return _bytes_changed(data, chance)


def _edit_element(dataset: Dataset, name: str, chance: random.Random) -> None:
    from pydicom.datadict import dictionary_VR, tag_for_keyword
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    tag, vr = Tag(tag_for_keyword(name) or 0), dictionary_VR(name).split(" ")[0]
    if vr in ("SQ", "OB") or chance.random() < 0.2:
        if vr == "SQ" and name in dataset and chance.random() < 0.7:
            item = dataset[tag].value[0]
            part = chance.choice(["LUTDescriptor", "LUTData"])
            edits: list[Any] = [None, [], [0, 0, 16], [65535, 5, 8], [10, 0, 0], [4096, 60000, 12], list(range(10))]
            setattr(item, part, chance.choice(edits))
        elif name == "PixelData" and chance.random() < 0.7:
            dataset[tag].value = chance.choice([b"", dataset[tag].value[:-100], dataset[tag].value * 2])
        elif name in dataset:
            del dataset[tag]
        return
    value = chance.choice(_VALUES.get(vr, _VALUES["US"]))
    is_implicit, is_little = dataset.original_encoding
    dataset[tag] = RawDataElement(tag, vr, len(value), value, 0, bool(is_implicit), is_little is not False)


def outcome(data: bytes) -> str:
    """`PICTURE`, `REFUSED`, or what else came out of a file."""
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        try:
            size_wh = _decoded_size(data)
            header_wh = _header_size(data)
        except Exception as error:  # to be reported, whatever it is
            return f"{type(error).__name__}: {error}"[:300]
    if leaked:
        return f"a warning: {leaked[0].message}"[:300]
    if size_wh is None:
        return REFUSED
    return PICTURE if header_wh == size_wh else f"the picture has {size_wh} pixels, its header says {header_wh}"


def _decoded_size(data: bytes) -> tuple[int, int] | None:
    try:
        picture = load_image(data)
    except ImageReadError:
        return None
    stretched = read_pixels(data).min_max()
    if picture.mode != "L" or stretched.mode not in ("L", "RGB") or picture.size != stretched.size:
        raise AssertionError(f"{picture.mode} {picture.size} and {stretched.mode} {stretched.size} came out")
    return picture.size


def _header_size(data: bytes) -> tuple[int, int] | str:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        try:
            return read_header(Path(file.name)).size_wh
        except UnusableRow as refused:
            return str(refused)


def _judge(seed: int, number: int) -> tuple[str, str, float]:
    """Kind, outcome and seconds of one file; runs in a process of its own."""
    kind, data = mutated(seed, number)
    before, start = _peak_bytes(), time.perf_counter()
    result = outcome(data)
    took_s, grown = time.perf_counter() - start, _peak_bytes() - before
    if grown > MEMORY_LIMIT_BYTES:
        result = f"{grown / 1e9:.1f} GB were used"
    return kind, result, took_s


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _results(seed: int, files: int) -> list[tuple[str, str, float]]:
    results = []
    pool = ProcessPoolExecutor(1)
    pool.submit(_judge, seed, 0).result()  # imports
    for number in range(files):
        try:
            results.append(pool.submit(_judge, seed, number).result(timeout=TIME_LIMIT_S))
        except (TimeoutError, BrokenProcessPool) as error:
            what = "it hangs" if isinstance(error, TimeoutError) else "a decoder crashed"
            results.append((mutated(seed, number)[0], what, float(TIME_LIMIT_S)))
            for process in list((pool._processes or {}).values()):
                process.kill()
            pool = ProcessPoolExecutor(1)
    pool.shutdown()
    return results


def main(
    files: Annotated[int, typer.Option(min=1, help="How many damaged files.")] = 3000,
    seed: Annotated[int, typer.Option(help="Another seed, other damage.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Read damaged files and count what comes out."""
    results = _results(seed, files)
    faults = [(number, *one) for number, one in enumerate(results) if one[1] not in (PICTURE, REFUSED)]
    counts = {
        kind: dict(
            Counter(result if result in (PICTURE, REFUSED) else "fault" for k, result, _ in results if k == kind)
        )
        for kind in sorted({kind for kind, _, _ in results})
    }
    for number, kind, result, _ in faults:
        typer.echo(f"seed {seed}, file {number} ({kind}): {result}", err=True)
    total = Counter(result if result in (PICTURE, REFUSED) else "fault" for _, result, _ in results)
    slowest_s = max(took for _, _, took in results)
    if as_json:
        figures = {"files": files, "seed": seed, **{name: total[name] for name in (PICTURE, REFUSED, "fault")}}
        typer.echo(json.dumps(figures | {"slowest_s": round(slowest_s, 2), "by_kind": counts}, indent=2))
    else:
        for kind, each in counts.items():
            typer.echo(f"{kind:32s} {each.get(PICTURE, 0):5d} pictures {each.get(REFUSED, 0):5d} refused")
        typer.echo(f"{files} files: {total[PICTURE]} pictures, {total[REFUSED]} refused, {len(faults)} faults")
        typer.echo(f"the slowest took {slowest_s:.2f} s")
    if faults:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
