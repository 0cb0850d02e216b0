"""The real hub client against a server that plays the hub: the happy path and each way in which it fails."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.models.hub_server import COMMIT, Faults, HubServer, Repository
from vpe_core.errors import ModelDownloadError, ModelError
from vpe_core.models import DownloadProgress, VisionLanguageModel, fetch, folder_of, get, hub, is_ready, load_model
from vpe_core.models.catalog import MODELS
from vpe_core.models.store import read_manifest
from vpe_core.settings import get_settings

NAME = "hf-hub:org/tiny-biomed"
WEIGHTS = "open_clip_model.safetensors"


@pytest.fixture
def server(model_root: Path) -> Iterator[HubServer]:
    files = Repository.of(model_root / "timm").files
    tower = {"config.json": files.pop("text_tower/config.json"), "pytorch_model.bin": b"never needed"}
    extra = {"README.md": b"never needed", "model.onnx": b"never needed"}
    with HubServer({"org/tiny-biomed": Repository(files | extra), "tiny/bert": Repository(tower, "b" * 40)}) as started:
        yield started


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VPE_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("VPE_ALLOWED_MODELS", f"{NAME},hf-hub:org/none")
    monkeypatch.setattr(hub, "_PAUSE_S", 0)
    monkeypatch.setattr(hub, "_CHUNK_BYTES", 1 << 16)
    get_settings.cache_clear()
    return tmp_path


def size_of(server: HubServer, file: str = WEIGHTS) -> int:
    return len(server.repositories["org/tiny-biomed"].files[file])


def test_a_model_is_fetched_and_loads_without_a_network(
    server: HubServer, models: dict[str, VisionLanguageModel], noise: list[Image.Image]
) -> None:
    assert not is_ready(get(NAME))
    seen: list[DownloadProgress] = []
    folder = fetch(NAME, seen.append, endpoint=server.endpoint)
    server.__exit__()
    assert is_ready(get(NAME))
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        "fetched.json", "open_clip_config.json", WEIGHTS, "text_tower", "tokenizer.json", "tokenizer_config.json",
    ]  # fmt: skip
    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert done[-1] == seen[-1].total == sum(file.size for file in read_manifest(folder).files)
    loaded = load_model(NAME)
    assert loaded.record.revision == COMMIT
    assert loaded.record.weights_sha256 == models["timm"].record.weights_sha256
    classes = ["lung nodule", "pleural effusion"]
    np.testing.assert_allclose(loaded.classify(noise, classes), models["timm"].classify(noise, classes), atol=1e-6)


def test_what_is_there_is_not_fetched_again(server: HubServer) -> None:
    fetch(NAME, endpoint=server.endpoint)
    server.requests.clear()
    assert fetch(NAME, endpoint="http://127.0.0.1:1") == folder_of(get(NAME))
    assert server.requests == []


def test_the_folder_can_be_copied_to_another_machine(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fetch(NAME, endpoint=server.endpoint)
    shutil.copytree(folder, tmp_path / "usb" / "models" / folder.name)
    shutil.rmtree(folder)
    monkeypatch.setenv("VPE_CACHE_DIR", str(tmp_path / "usb"))
    get_settings.cache_clear()
    assert load_model(NAME).encode_texts(["lung nodule"]).shape == (1, 32)


def test_a_broken_connection_is_taken_up_where_it_broke(server: HubServer) -> None:
    server.faults = Faults(break_after=400_000, break_times=2)
    folder = fetch(NAME, endpoint=server.endpoint)
    ranges = server.transfers(WEIGHTS)
    assert ranges[0] == ""
    assert len(ranges) == 3
    starts = [int(asked.removeprefix("bytes=").rstrip("-")) for asked in ranges[1:]]
    assert 0 < starts[0] <= 400_000 < starts[1]
    assert (folder / WEIGHTS).read_bytes() == server.repositories["org/tiny-biomed"].files[WEIGHTS]


def test_an_interrupted_download_resumes_in_the_next_call(server: HubServer) -> None:
    def stop_late(progress: DownloadProgress) -> None:
        if progress.file == WEIGHTS and progress.done > 200_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(NAME, stop_late, endpoint=server.endpoint)
    assert not is_ready(get(NAME))
    with pytest.raises(ModelError, match=r"has not been downloaded yet.*models fetch"):
        load_model(NAME)
    server.requests.clear()
    seen: list[DownloadProgress] = []
    fetch(NAME, seen.append, endpoint=server.endpoint)
    (asked,) = server.transfers(WEIGHTS)
    assert int(asked.removeprefix("bytes=").rstrip("-")) > 100_000
    assert server.transfers("tokenizer.json") == []
    assert seen[-1].done == seen[-1].total
    assert is_ready(get(NAME))


def test_a_server_without_ranges_sends_everything_again(server: HubServer) -> None:
    server.faults = Faults(break_after=400_000, break_times=1, ignore_ranges=True)
    seen: list[DownloadProgress] = []
    folder = fetch(NAME, seen.append, endpoint=server.endpoint)
    assert (folder / WEIGHTS).stat().st_size == size_of(server)
    assert seen[-1].done == seen[-1].total


def test_a_connection_that_always_breaks(server: HubServer) -> None:
    server.faults = Faults(break_after=0)
    with pytest.raises(ModelDownloadError, match=r"Cannot reach the hub|broke off"):
        fetch(NAME, endpoint=server.endpoint)
    assert len(server.transfers(WEIGHTS)) == 4


def test_a_download_that_broke_off_says_how_far_it_came(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_ATTEMPTS", 1)
    server.faults = Faults(break_after=400_000)

    def slow_down(progress: DownloadProgress) -> None:
        if progress.done > 350_000:
            server.faults.break_after = 0

    with pytest.raises(ModelDownloadError, match=r"broke off after 0\.\d MB.*Fetch again: it goes on from there"):
        fetch(NAME, slow_down, endpoint=server.endpoint)


def test_a_truncated_file(server: HubServer) -> None:
    server.faults = Faults(end_after=0)
    with pytest.raises(ModelDownloadError, match=rf"stops sending {WEIGHTS} .* after 0 of {size_of(server):,} bytes"):
        fetch(NAME, endpoint=server.endpoint)


def test_a_damaged_checkpoint_is_deleted_and_can_be_fetched_again(server: HubServer) -> None:
    server.faults = Faults(corrupt=True)
    with pytest.raises(ModelDownloadError, match=r"arrived damaged.*deleted; fetch again"):
        fetch(NAME, endpoint=server.endpoint)
    folder = folder_of(get(NAME))
    assert not list(folder.glob(f"{WEIGHTS}*"))
    server.faults = Faults()
    fetch(NAME, endpoint=server.endpoint)
    assert is_ready(get(NAME))


def test_a_damaged_small_file_is_noticed_by_its_git_hash(server: HubServer) -> None:
    server.faults = Faults(corrupt_small="tokenizer.json")
    with pytest.raises(ModelDownloadError, match=r"tokenizer\.json .*arrived damaged"):
        fetch(NAME, endpoint=server.endpoint)


def test_an_unknown_repository(server: HubServer) -> None:
    with pytest.raises(ModelDownloadError, match=r"no public repository org/none \(404\)"):
        fetch("hf-hub:org/none", endpoint=server.endpoint)


def test_a_repository_without_a_checkpoint(server: HubServer) -> None:
    del server.repositories["org/tiny-biomed"].files[WEIGHTS]
    with pytest.raises(ModelDownloadError, match=rf"Expected {WEIGHTS} or open_clip_pytorch_model\.bin.*\(404\)"):
        fetch(NAME, endpoint=server.endpoint)


def test_a_repository_that_is_not_of_open_clip(server: HubServer) -> None:
    files = server.repositories["org/tiny-biomed"].files
    files["open_clip_config.json"] = b'{"model_type": "clip"}'
    with pytest.raises(ModelDownloadError, match="is not open_clip's"):
        fetch(NAME, endpoint=server.endpoint)
    del files["open_clip_config.json"]
    with pytest.raises(ModelDownloadError, match="not an open_clip model"):
        fetch(NAME, endpoint=server.endpoint)


def test_a_gated_repository(server: HubServer) -> None:
    server.faults = Faults(gated=True)
    with pytest.raises(ModelDownloadError, match=r"Accept them on http.*org/tiny-biomed, sign in with `hf auth login`"):
        fetch(NAME, endpoint=server.endpoint)


def test_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ModelDownloadError, match=rf"Cannot reach the hub at {endpoint}.*copy the folder"):
        fetch(NAME, endpoint=endpoint)


def test_offline_by_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPE_OFFLINE", "1")
    get_settings.cache_clear()
    with pytest.raises(ModelDownloadError, match="VPE_OFFLINE is set"):
        fetch(NAME, endpoint="http://127.0.0.1:1")


def test_too_little_space_is_noticed_before_the_transfer(server: HubServer) -> None:
    server.faults = Faults(announce_bytes=10**16)
    with pytest.raises(ModelDownloadError, match=r"no space.*It needs 10,000,000,000 MB.*VPE_CACHE_DIR"):
        fetch(NAME, endpoint=server.endpoint)
    assert server.transfers(WEIGHTS) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full, a disk that is always full")
def test_a_disk_that_fills_up_meanwhile(server: HubServer) -> None:
    folder = folder_of(get(NAME))
    folder.mkdir(parents=True)
    (file,) = [file for file in hub.list_files("org/tiny-biomed", None, server.endpoint) if file.path == WEIGHTS]
    (folder / f"{WEIGHTS}.{file.sha256[:12]}.part").symlink_to("/dev/full")
    with pytest.raises(ModelDownloadError, match=r"There is no space for org/tiny-biomed.*Make room"):
        fetch(NAME, endpoint=server.endpoint)


def test_a_folder_that_cannot_be_written(server: HubServer, cache: Path) -> None:
    (cache / "models").write_text("a file where the folder should be")
    with pytest.raises(ModelDownloadError, match=r"Cannot write .*VPE_CACHE_DIR"):
        fetch(NAME, endpoint=server.endpoint)


def test_a_checkpoint_other_than_the_pinned_one_is_refused(server: HubServer) -> None:
    spec = get("biomedclip")
    source = server.repositories["org/tiny-biomed"]
    tower, commit = spec.companions[0]
    config = json.loads(source.files["open_clip_config.json"])
    config["model_cfg"]["text_cfg"]["hf_model_name"] = tower
    files = source.files | {"open_clip_config.json": json.dumps(config).encode(), str(spec.weights): b"other" * 50_000}
    server.repositories[spec.location] = Repository(files, str(spec.revision))
    server.repositories[tower] = Repository(server.repositories["tiny/bert"].files, commit)
    with pytest.raises(ModelDownloadError, match=f"than the pinned one: expected the SHA-256 {spec.sha256}"):
        fetch("biomedclip", endpoint=server.endpoint)
    assert server.requests == []
    assert not is_ready(spec)


def test_a_file_name_cannot_lead_out_of_the_folder(server: HubServer, tmp_path: Path) -> None:
    server.repositories["org/tiny-biomed"].files["tokenizer/../../../../evil.json"] = b"{}"
    folder = fetch(NAME, endpoint=server.endpoint)
    assert list(tmp_path.rglob("evil.json")) == []
    assert all("evil" not in file.path for file in read_manifest(folder).files)


def test_a_pinned_commit_that_is_gone(server: HubServer) -> None:
    server.repositories[get("openai-vit-b-16").location] = server.repositories["org/tiny-biomed"]
    with pytest.raises(ModelDownloadError, match="no longer has the pinned commit"):
        fetch("openai-vit-b-16", endpoint=server.endpoint)


def test_a_bare_checkpoint_is_all_that_is_fetched(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(get("bmc-clip-cf"), location="org/tiny-biomed", weights=WEIGHTS)
    monkeypatch.setitem(MODELS._entries, spec.name, spec)
    folder = fetch(spec.name, endpoint=server.endpoint)
    assert [file.path for file in read_manifest(folder).files] == [WEIGHTS]


def test_two_sessions_that_fetch_at_once_transfer_once(server: HubServer) -> None:
    threads = [threading.Thread(target=fetch, args=(NAME,), kwargs={"endpoint": server.endpoint}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert is_ready(get(NAME))
    assert server.transfers(WEIGHTS) == [""]


def test_a_checkpoint_that_changed_on_disk_is_not_loaded(server: HubServer) -> None:
    folder = fetch(NAME, endpoint=server.endpoint)
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS).write_bytes(content)
    with pytest.raises(ModelError, match="has changed since it was fetched"):
        load_model(NAME)


def test_a_broken_manifest_means_not_fetched(server: HubServer) -> None:
    folder = fetch(NAME, endpoint=server.endpoint)
    (folder / "fetched.json").write_text("{")
    assert not is_ready(get(NAME))
    with pytest.raises(ModelError, match="Delete the folder and fetch again"):
        read_manifest(folder)
