"""The predictor of a server, with real threads in front of the embedded model."""

from __future__ import annotations

import gc
import pickle
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from vpe_core.attention.wants import EmbeddingAndGaze, PatchRelevance
from vpe_core.errors import BusyError, ImageReadError, ModelError
from vpe_core.models import VisionLanguageModel, load_model
from vpe_core.models.predictor import Computation, Want
from vpe_core.serving import Asking, PassSizes, QueuedPredictor, asked_by, serve
from vpe_core.serving.sizes import chosen_sizes

TOLERANCE = 1e-6
"""Of an entry of a float32 embedding: another batch size rounds otherwise."""


class Door:
    """Holds the network's thread inside a pass until it is opened."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()


DOORS: dict[str, Door] = {}
SEEN: list[tuple[int, ...]] = []


@dataclass(frozen=True)
class Held(Want):
    """Stays in its pass until its door is opened."""

    door: str

    def on(self, network: Any) -> Computation:
        def compute(pixels: torch.Tensor, _texts: torch.Tensor) -> tuple[torch.Tensor, ...]:
            DOORS[self.door].entered.set()
            DOORS[self.door].open.wait()
            return (pixels.mean(dim=(1, 2, 3)),)

        return compute


@dataclass(frozen=True)
class Noted(Want):
    """The mark in the corner of each picture; the passes are noted."""

    def on(self, network: Any) -> Computation:
        def compute(pixels: torch.Tensor, _texts: torch.Tensor) -> tuple[torch.Tensor, ...]:
            marks = _marks(pixels)
            SEEN.append(marks)
            if 99 in marks:
                raise ValueError("a bad picture")
            return (torch.tensor(marks),)

        return compute


@dataclass(frozen=True)
class ByGradient(Noted):
    gradients: ClassVar[bool] = True


def _marks(pixels: torch.Tensor) -> tuple[int, ...]:
    low = pixels[:, 0, -1, -1]  # black: what normalising makes of 0
    return tuple(((pixels[:, 0, 0, 0] - low) / (pixels[:, 0, 0, -1] - low) * 255).round().int().tolist())


@pytest.fixture(scope="module")
def simclip() -> VisionLanguageModel:
    return load_model("simclip", device="cpu")


@pytest.fixture
def predictor(simclip: VisionLanguageModel) -> Iterator[QueuedPredictor]:
    SEEN.clear()
    made = QueuedPredictor(simclip.towers, PassSizes(people=4, bulk=2), at_most=8)
    yield made
    for door in DOORS.values():
        door.open.set()
    made.close()


def marked(simclip: VisionLanguageModel, *marks: int) -> np.ndarray:
    pictures = simclip.towers.blank(len(marks))
    pictures[:, 0, 0] = np.array(marks)[:, np.newaxis]
    pictures[:, 0, -1] = 255
    return pictures


def hold(predictor: QueuedPredictor, simclip: VisionLanguageModel, name: str = "first") -> Door:
    """The network's thread is inside a pass, and whatever comes now waits."""
    door = DOORS[name] = Door()
    predictor.submit(marked(simclip, 1), Held(name))
    door.entered.wait()
    return door


def noisy(simclip: VisionLanguageModel, n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, simclip.towers.blank(n).shape, dtype=np.uint8)


def test_pictures_of_several_askers_share_a_pass_and_get_what_each_gets_alone(
    predictor: QueuedPredictor, simclip: VisionLanguageModel
) -> None:
    pictures = noisy(simclip, 8)
    alone = [simclip.predictor.submit(pictures[n : n + 1], EmbeddingAndGaze()).result() for n in range(8)]
    door = hold(predictor, simclip)
    futures = [predictor.submit(pictures[n : n + 1], EmbeddingAndGaze(), None, Asking(n)) for n in range(8)]
    door.open.set()
    for future, expected in zip(futures, alone, strict=True):
        for rows, others in zip(future.result(), expected, strict=True):
            np.testing.assert_allclose(rows, others, atol=TOLERANCE)
    assert predictor.statistics().passes == {1: 1, 4: 2}


def test_in_passes_of_one_picture_all_is_the_same_to_the_last_bit(simclip: VisionLanguageModel) -> None:
    pictures = noisy(simclip, 5)
    alone = [simclip.predictor.submit(pictures[n : n + 1], EmbeddingAndGaze()).result() for n in range(5)]
    predictor = QueuedPredictor(simclip.towers, PassSizes(people=1))
    together = predictor.submit(pictures, EmbeddingAndGaze()).result()
    predictor.close()
    for number, expected in enumerate(alone):
        for rows, others in zip(together, expected, strict=True):
            np.testing.assert_array_equal(rows[number : number + 1], others)


def test_gradients_are_taken_through_the_same_thread(predictor: QueuedPredictor, simclip: VisionLanguageModel) -> None:
    pictures, texts = noisy(simclip, 3), simclip.encode_texts(["nodule", "effusion", "mass"])
    (expected,) = simclip.predictor.submit(pictures, PatchRelevance("legrad"), texts).result()
    (found,) = predictor.submit(pictures, PatchRelevance("legrad"), texts).result()
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


def test_askers_take_turns_and_bulk_comes_last(predictor: QueuedPredictor, simclip: VisionLanguageModel) -> None:
    door = hold(predictor, simclip)
    for marks, asking in (
        ((50, 51, 52), Asking("run", bulk=True)), ((11,), Asking("a")), ((12,), Asking("a")), ((13,), Asking("a")),
        ((21, 22, 23, 24, 25, 26), Asking("b")), ((31,), Asking("c")),
    ):  # fmt: skip
        last = predictor.submit(marked(simclip, *marks), ByGradient(), None, asking)
    door.open.set()
    last.result()
    predictor.submit(marked(simclip, 60), Noted(), None, Asking("later", bulk=True)).result()
    assert SEEN == [(11,), (21, 22, 23, 24), (31,), (12,), (25, 26), (13,), (50, 51), (52,), (60,)]


def test_bulk_ends_even_when_people_never_stop(predictor: QueuedPredictor, simclip: VisionLanguageModel) -> None:
    door = hold(predictor, simclip)
    bulk = predictor.submit(marked(simclip, 50), ByGradient(), None, Asking("run", bulk=True))
    many = predictor.submit(marked(simclip, *range(1, 90)), ByGradient(), None, Asking("a"))
    door.open.set()
    bulk.result()
    many.result()
    assert SEEN.index((50,)) < len(SEEN) - 1


def test_who_no_longer_wants_an_answer_leaves_the_queue(
    predictor: QueuedPredictor, simclip: VisionLanguageModel
) -> None:
    class Stopped(BaseException):
        """As Streamlit stops a page that is run again."""

    def stop() -> None:
        raise Stopped

    door = hold(predictor, simclip)
    asked = asked_by(simclip.asking(predictor), Asking("a"), stop)
    with pytest.raises(Stopped):
        asked.predictor.in_batches(marked(simclip, 7), Noted(), 1)
    assert predictor.statistics().waiting == 0
    door.open.set()
    predictor.submit(marked(simclip, 8), Noted()).result()
    assert SEEN == [(8,)]


def test_an_error_reaches_only_who_asked(predictor: QueuedPredictor, simclip: VisionLanguageModel) -> None:
    door = hold(predictor, simclip)
    futures = [predictor.submit(marked(simclip, mark), Noted(), None, Asking(mark)) for mark in (5, 99, 6)]
    unreadable = predictor.submit([b"no picture"])
    door.open.set()
    with pytest.raises(ValueError, match="a bad picture"):
        futures[1].result()
    with pytest.raises(ImageReadError):
        unreadable.result()
    assert [int(futures[n].result()[0][0]) for n in (0, 2)] == [5, 6]
    assert SEEN[0] == (5, 99, 6)


def test_a_full_queue_says_so(predictor: QueuedPredictor, simclip: VisionLanguageModel) -> None:
    door = hold(predictor, simclip)
    waiting = [predictor.submit(marked(simclip, n), Noted(), None, Asking(n)) for n in range(1, 9)]
    with pytest.raises(BusyError, match="8 requests wait for this model"):
        predictor.submit(marked(simclip, 9), Noted()).result()
    assert waiting[0].cancel()
    freed = predictor.submit(marked(simclip, 10), Noted())
    door.open.set()
    assert int(freed.result()[0][0]) == 10
    assert predictor.statistics().refused == 1


def test_texts_of_several_are_encoded_once(predictor: QueuedPredictor, simclip: VisionLanguageModel) -> None:
    door = hold(predictor, simclip)
    asked = [["a nodule", "a mass"], ["a mass", "an effusion"], ["a nodule"]]
    futures = [predictor.submit_texts(texts, Asking(n)) for n, texts in enumerate(asked)]
    door.open.set()
    for texts, future in zip(asked, futures, strict=True):
        np.testing.assert_allclose(future.result()[0], simclip.encode_texts(texts), atol=TOLERANCE)
    assert (predictor.statistics().texts, predictor.statistics().texts_shared) == (3, 2)


def test_many_threads_at_once(simclip: VisionLanguageModel) -> None:
    pictures, predictor = noisy(simclip, 6), QueuedPredictor(simclip.towers, PassSizes(4, 4))
    expected = np.concatenate([simclip.encode_images(pictures[n : n + 1]) for n in range(6)])
    start = threading.Barrier(8)

    def ask(number: int) -> np.ndarray:
        mine = asked_by(simclip.asking(predictor), Asking(number, bulk=number == 0))
        start.wait()
        return np.concatenate([mine.encode_images(pictures[n : n + 2]) for n in range(0, 6, 2)])

    with ThreadPoolExecutor(8) as pool:
        for rows in pool.map(ask, range(8)):
            np.testing.assert_allclose(rows, expected, atol=TOLERANCE)
    assert predictor.statistics().answered == 24
    predictor.close()


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "vpe-predictor"}


def test_the_thread_ends_with_the_predictor(simclip: VisionLanguageModel) -> None:
    others = _threads()  # those of models that other tests keep
    predictor = QueuedPredictor(simclip.towers)
    assert _threads() <= others
    predictor.submit(marked(simclip, 1)).result()
    (thread,) = _threads() - others
    dead = weakref.ref(predictor)
    del predictor
    gc.collect()
    thread.join()
    assert dead() is None


def test_a_closed_predictor_cancels_and_refuses(predictor: QueuedPredictor, simclip: VisionLanguageModel) -> None:
    door = hold(predictor, simclip)
    waiting = predictor.submit(marked(simclip, 1))
    closing = threading.Thread(target=predictor.close)
    closing.start()
    with pytest.raises(CancelledError):
        waiting.result()
    door.open.set()
    closing.join()
    with pytest.raises(ModelError, match="has been closed"):
        predictor.submit(marked(simclip, 1)).result()


def test_threads_of_others_are_left_alone(simclip: VisionLanguageModel) -> None:
    @dataclass(frozen=True)
    class Threads(Want):
        def on(self, network: Any) -> Computation:
            return lambda pixels, _texts: (torch.full((len(pixels),), torch.get_num_threads()),)

    before = torch.get_num_threads()
    predictor = QueuedPredictor(simclip.towers, threads=before + 2)
    assert int(predictor.submit(marked(simclip, 1), Threads()).result()[0][0]) == before + 2
    predictor.close()
    assert torch.get_num_threads() == before
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(torch.get_num_threads).result() == before


def test_it_travels(simclip: VisionLanguageModel) -> None:
    predictor = QueuedPredictor(simclip.towers, PassSizes(2, 3))
    predictor.submit(marked(simclip, 1)).result()
    travelled = pickle.loads(pickle.dumps(predictor))
    np.testing.assert_array_equal(
        travelled.submit(marked(simclip, 5)).result()[0], predictor.submit(marked(simclip, 5)).result()[0]
    )
    predictor.close()
    travelled.close()


def test_the_sizes_are_measured_once_and_kept(
    simclip: VisionLanguageModel, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vpe_core.settings import get_settings

    monkeypatch.setenv("VPE_CACHE_DIR", str(tmp_path))
    get_settings.cache_clear()
    served = serve(simclip)
    np.testing.assert_allclose(
        served.encode_images(noisy(simclip, 2)), simclip.encode_images(noisy(simclip, 2)), atol=TOLERANCE
    )
    (kept,) = (tmp_path / "serving").iterdir()
    kept.write_text('{"people": 3, "bulk": 5}')
    again = serve(simclip)
    assert isinstance(again.predictor, QueuedPredictor)
    assert again.predictor.sizes == PassSizes(3, 5)
    kept.write_text("damaged")
    serve(simclip)
    assert kept.read_text() != "damaged"
    get_settings.cache_clear()


def test_people_share_a_pass_only_where_it_pays() -> None:
    assert chosen_sizes({1: 0.020, 2: 0.040, 4: 0.079, 8: 0.190}) == PassSizes(4, 4)
    assert chosen_sizes({1: 0.020, 2: 0.050, 4: 0.120}) == PassSizes(1, 1)
    assert chosen_sizes({1: 0.010, 2: 0.011, 4: 0.012, 8: 0.020, 16: 0.048}) == PassSizes(16, 8)
    assert chosen_sizes({1: 0.400}) == PassSizes(1, 1)
