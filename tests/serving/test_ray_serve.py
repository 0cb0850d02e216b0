"""A model on a real Ray Serve with one replica, which is killed; the app's side of it answers all the time."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.ray_cluster import cluster, workers
from vpe_core.attention.wants import EmbeddingAndGaze, PatchRelevance
from vpe_core.errors import AttentionError, ModelError, SettingsError
from vpe_core.models import VisionLanguageModel, load_model
from vpe_core.models.predictor import EMBEDDING, Want
from vpe_core.serving import RemotePredictor
from vpe_core.serving.remote import url_of
from vpe_core.serving.wire import named_want, packed, unpacked, want_named

__all__ = ["cluster"]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Ray Serve's own, when it is imported


@pytest.fixture(scope="module")
def simclip() -> VisionLanguageModel:
    return load_model("simclip")


@pytest.fixture(scope="module")
def address(cluster: str) -> Iterator[str]:
    from ray import serve

    from vpe_core.serving.ray_serve import deploy

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    deploy(["simclip"], port=port)
    yield f"ray://127.0.0.1:{port}"
    serve.shutdown()


@pytest.fixture
def pictures(simclip: VisionLanguageModel) -> NDArray[np.uint8]:
    side = simclip.preprocessing.size_wh[0]
    return np.random.default_rng(0).integers(0, 256, (3, side, side, 3), np.uint8)


def answer_from_server(remote: RemotePredictor, pictures: NDArray[np.uint8], want: Want = EMBEDDING) -> object:
    """Ask until the server answers; each answer until then is given here."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        rows = remote.submit(pictures, want).result()
        if not remote.notice:
            return rows
        time.sleep(0.2)
    raise AssertionError(remote.notice)


def test_a_replica_answers_what_is_answered_here_and_is_missed_by_nobody(
    address: str, simclip: VisionLanguageModel, pictures: NDArray[np.uint8]
) -> None:
    remote, here = RemotePredictor(address, simclip), simclip.predictor
    texts = simclip.encode_texts(["lung nodule"] * len(pictures))
    for want, beside in ((EMBEDDING, None), (EmbeddingAndGaze(), None), (PatchRelevance("legrad"), texts)):
        for found, known in zip(
            remote.submit(pictures, want, beside).result(), here.submit(pictures, want, beside).result(), strict=True
        ):
            np.testing.assert_allclose(found, known, atol=2e-5)
    (found,) = remote.submit_texts(["lung nodule"]).result()
    np.testing.assert_allclose(found, texts[:1], atol=2e-5)
    with pytest.raises(AttentionError, match="no attention method called 'legrat'"):
        remote.submit(pictures, PatchRelevance("legrat"), texts).result()
    assert remote.notice == ""

    (killed,) = workers("ray::ServeReplica")
    os.kill(killed, signal.SIGKILL)
    (rows,) = remote.submit(pictures).result()
    np.testing.assert_allclose(rows, here.submit(pictures).result()[0], atol=2e-5)
    answer_from_server(remote, pictures)
    assert killed not in workers("ray::ServeReplica")
    remote.close()

    other = simclip.asking(here)
    other.record = replace(simclip.record, weights_sha256="0" * 64)
    stranger = RemotePredictor(address, other)
    stranger.submit(pictures).result()
    assert "another weights_sha256" in stranger.notice
    stranger.close()


def test_without_a_server_this_machine_answers_and_says_so(
    simclip: VisionLanguageModel, pictures: NDArray[np.uint8]
) -> None:
    remote = RemotePredictor("ray://127.0.0.1:9", simclip)
    (rows,) = remote.submit(pictures).result()
    np.testing.assert_array_equal(rows, simclip.predictor.submit(pictures).result()[0])
    assert remote.notice.startswith("The model server does not answer (")
    assert remote.notice.endswith("This machine answers meanwhile.")
    remote.close()


def test_messages_hold_nothing_that_could_be_executed() -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, ("true",)

    for content in (pickle.dumps(Evil()), b"", b"PK", packed({})[:-5]):
        with pytest.raises(ModelError, match="Expected a message between the app and its model server"):
            unpacked(content)
    assert want_named(named_want(PatchRelevance("legrad"))) == PatchRelevance("legrad")
    for named in ({}, {"name": "Want", "values": {}}, {"name": "Embedding", "values": {"gradients": 1}}):
        with pytest.raises(ModelError, match="does not know what"):
            want_named(named)


def test_addresses() -> None:
    assert url_of("ray://auto", "simclip") == "http://127.0.0.1:8000/simclip"
    assert url_of("ray://gpu-1:8100", "hf-hub:a/b") == "http://gpu-1:8100/hf-hub--a--b"
    for wrong in ("gpu-1:8100", "ray://gpu-1", "ray://gpu-1:80/x", "ray://"):
        with pytest.raises(SettingsError, match="Expected VPE_SERVING=ray://HOST:PORT"):
            url_of(wrong, "simclip")
