"""The training loop: deterministic batches, checkpoints, resume after a kill, a log with curves."""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import open_clip
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.data import DataLoader, Sampler

from vpe_core.errors import TrainingError
from vpe_core.folders import make_folder
from vpe_core.models.device import device_title
from vpe_core.models.word_tokenizer import WordTokenizer
from vpe_core.training import captions
from vpe_core.training.export import load_weights
from vpe_core.training.losses import K, LeakPenalty
from vpe_core.training.network import (
    CONTEXT_LENGTH,
    PATCH,
    build_clip,
    normalize,
    resize_positions,
    whiten_patches,
)
from vpe_core.training.recipe import Recipe, Stage
from vpe_core.training.render import TrainingCases
from vpe_core.training.run import CHECKPOINT_KEYS, RUN_RECORD, TrainingRun, total_loss
from vpe_core.training.samples import TrainingSamples, collate

LOG_EVERY = 20
WHITENING_SAMPLES = 400
MUON_RATE = 2.0  # its learning rate relative to AdamW's
MAX_LOGIT_SCALE = math.log(50.0)
StepProgress = Callable[[int, int, dict[str, float]], None]


class _InFullPrecision(TorchFunctionMode):
    """Muon casts to bfloat16, which a processor without it emulates: that took longer than all the rest of a step."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is Tensor.bfloat16:
            return args[0].clone()
        return func(*args, **(kwargs or {}))


class _Following(Sampler[int]):
    """Samples first … last - 1, in order: which sample comes when depends on nothing else."""

    def __init__(self, first: int, last: int) -> None:
        self._range = range(first, last)

    def __iter__(self) -> Iterator[int]:
        return iter(self._range)

    def __len__(self) -> int:
        return len(self._range)


def train(
    recipe: Recipe,
    cases: TrainingCases,
    folder: Path,
    progress: StepProgress = lambda *_: None,
    device: str = "cpu",
    workers: int = 1,
    start: Path | None = None,
) -> Path:
    """Trains, or goes on where a killed run stopped; returns the file with the averaged weights.

    Args:
        recipe: what to train.
        cases: to draw samples from.
        folder: for checkpoints, the log and the averaged weights.
        progress: called with the step, the number of steps and the terms of the loss.
        device: "cpu", "cuda:0" or "mps"; a run can go on on another one.
        workers: processes that draw samples; how many does not change what is drawn.
        start: folder of the model that the recipe starts from, if it names one.

    Raises:
        TrainingError: `folder` cannot be written, holds a run of another recipe or a damaged checkpoint, `start` is
            missing or another model than the recipe's, or the loss is no longer a number.
    """
    make_folder(folder, TrainingError)
    tokenizer = WordTokenizer.from_words(captions.vocabulary(), CONTEXT_LENGTH)
    checkpoint = folder / "checkpoint.pt"
    run, seconds = _start(recipe, cases, tokenizer, checkpoint, torch.device(device), start)
    total = sum(stage.steps for stage in recipe.stages)
    log = _Log(folder / "log.csv", run.step)
    first = 0
    for stage in recipe.stages:
        last = first + stage.steps
        if run.step < last:
            if run.step == first:
                _enter_stage(run, stage)
            clock = time.monotonic() - seconds
            for batch in _batches(run, stage, cases, first, workers):
                terms = _step(run, stage, batch, tokenizer, first)
                run.step += 1
                if run.step % LOG_EVERY == 0 or run.step == total:
                    seconds = time.monotonic() - clock
                    log.write(run.step, seconds, terms)
                    progress(run.step, total, terms)
                if run.step % recipe.checkpoint_steps == 0 or run.step == last:
                    seconds = time.monotonic() - clock
                    run.save(checkpoint, seconds)
        first = last
    average = folder / "average.pt"
    torch.save(run.average, average)
    facts = {
        "recipe": recipe.model_dump(),
        "seconds": round(seconds),
        "precision": "bf16" if run.in_bf16 else "fp32",
        "device": device_title(device),
    }
    (folder / RUN_RECORD).write_text(json.dumps(facts, indent=2) + "\n")
    return average


def _start(
    recipe: Recipe,
    cases: TrainingCases,
    tokenizer: WordTokenizer,
    checkpoint: Path,
    device: torch.device,
    start: Path | None,
) -> tuple[TrainingRun, float]:
    """A new run, or the one in `checkpoint`."""
    state = _read_checkpoint(checkpoint, device) if checkpoint.exists() else None
    size = recipe.stages[0].image_size
    if state is not None:
        if state["recipe"] != recipe.model_dump_json():
            raise TrainingError(f"{checkpoint.parent} holds a run of another recipe. Name another folder or delete it.")
        size = PATCH * round((len(state["clip"]["visual.positional_embedding"]) - 1) ** 0.5)
    clip = build_clip(size, tokenizer.vocabulary_size, recipe.seed)
    if state is None and recipe.start:
        clip.load_state_dict(resize_positions(load_weights(start, recipe.start, tokenizer), size // PATCH))
    elif state is None:
        # The same first samples with markers for every model, so that the plain twin starts from the same weights.
        first = TrainingSamples(cases, recipe.seed, 0.6, size, WHITENING_SAMPLES)
        whiten_patches(clip, normalize(collate([first[i] for i in range(len(first))])["pixels"]))  # type: ignore[arg-type]
    torch.manual_seed(recipe.seed)
    head = nn.Linear(clip.visual.conv1.out_channels, K + 1).to(device)
    clip.to(device)
    average = {name: value.detach().clone() for name, value in clip.state_dict().items()}
    run = TrainingRun(recipe, clip, head, _optimizers(recipe, clip, head), average, LeakPenalty())
    if state is None:
        return run, 0.0
    clip.load_state_dict(state["clip"])
    head.load_state_dict(state["dense_head"])
    for optimizer, saved in zip(run.optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    run.average, run.step = state["average"], state["step"]
    run.leak.load(state["leak"])
    return run, float(state["seconds"])


def _read_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        missing = CHECKPOINT_KEYS.difference(state)
        if missing:
            raise KeyError(f"without {', '.join(sorted(missing))}")
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # on damaged data, torch raises nearly everything there is
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        raise TrainingError(
            f"Expected a checkpoint of a training run in {path}, but it is damaged or of another kind ({reason}). "
            "Delete it to start anew."
        ) from error
    return dict(state)


def _optimizers(recipe: Recipe, clip: open_clip.CLIP, head: nn.Linear) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al., 2024) for the matrices inside the transformers, AdamW for everything else."""
    inner = {id(p) for tower in (clip.visual.transformer, clip.transformer) for p in tower.parameters() if p.ndim == 2}
    parameters = [*clip.parameters(), *head.parameters()]
    others = [p for p in parameters if id(p) not in inner]
    groups = [
        {"params": [p for p in others if p.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in others if p.ndim < 2], "weight_decay": 0.0},
    ]
    matrices = [p for p in parameters if id(p) in inner]
    return [
        torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98)),
        torch.optim.Muon(matrices, lr=1e-3, weight_decay=recipe.weight_decay, adjust_lr_fn="match_rms_adamw"),
    ]


def _enter_stage(run: TrainingRun, stage: Stage) -> None:
    """Changes the image size, with interpolated positions; every stage has a fresh optimiser."""
    patches = stage.image_size // PATCH
    if run.clip.visual.positional_embedding.shape[0] != patches * patches + 1:
        state = resize_positions(run.clip.state_dict(), patches)
        run.clip = build_clip(stage.image_size, run.clip.token_embedding.num_embeddings, run.recipe.seed)
        run.clip.load_state_dict(state)
        run.clip.to(run.device)
        run.average = resize_positions(run.average, patches)
    run.optimizers = _optimizers(run.recipe, run.clip, run.dense_head)


def _batches(
    run: TrainingRun, stage: Stage, cases: TrainingCases, first_step: int, workers: int
) -> Iterator[dict[str, Any]]:
    """The batches from the run's step to the end of the stage; sample numbers go on over all stages."""
    recipe = run.recipe
    before = 0
    steps = 0
    for earlier in recipe.stages:
        if steps == first_step:
            break
        before += earlier.steps * earlier.batch_size
        steps += earlier.steps
    end = before + stage.steps * stage.batch_size
    samples = TrainingSamples(
        cases, recipe.seed, recipe.markers, stage.image_size, end, stage.smallest_view, stage.hidden_weight
    )
    start = before + (run.step - first_step) * stage.batch_size
    for batch in DataLoader(
        samples,
        batch_size=stage.batch_size,
        sampler=_Following(start, end),
        num_workers=workers,
        collate_fn=collate,
        drop_last=True,
        prefetch_factor=6 if workers else None,
        multiprocessing_context="fork" if workers else None,
        pin_memory=run.device.type == "cuda",
    ):
        yield {
            name: value.to(run.device, non_blocking=True) if isinstance(value, Tensor) else value
            for name, value in batch.items()
        }


def _step(
    run: TrainingRun, stage: Stage, batch: dict[str, Any], tokenizer: WordTokenizer, first_step: int
) -> dict[str, float]:
    rate = stage.learning_rate * _schedule(run.step - first_step, stage)
    for optimizer, faster in zip(run.optimizers, (1.0, MUON_RATE), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate * faster
    loss, terms = total_loss(run, stage, batch, tokenizer)
    if not math.isfinite(terms["loss"]):
        raise TrainingError(f"The loss is {terms['loss']} at step {run.step}. Lower the learning rate and start anew.")
    run.clip.zero_grad(set_to_none=True)
    run.dense_head.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(run.clip.parameters(), 1.0)
    with nullcontext() if run.in_bf16 else _InFullPrecision():
        for optimizer in run.optimizers:
            optimizer.step()
    with torch.no_grad():
        run.clip.logit_scale.clamp_(0, MAX_LOGIT_SCALE)
        momentum = min(run.recipe.average_momentum, (1 + run.step) / (10 + run.step))
        for name, value in run.clip.state_dict().items():
            run.average[name].lerp_(value, 1 - momentum) if value.is_floating_point() else None
    return terms


def _schedule(step: int, stage: Stage) -> float:
    """Linear warm-up, then a cosine to 2%."""
    if step < stage.warmup_steps:
        return (step + 1) / stage.warmup_steps
    done = (step - stage.warmup_steps) / max(stage.steps - stage.warmup_steps, 1)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


class _Log:
    """log.csv: one line every LOG_EVERY steps; lines after the step that a resumed run starts from are dropped."""

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        rows = []
        if path.exists():
            with path.open(newline="") as stream:
                rows = [row for row in csv.DictReader(stream) if int(row["step"]) <= step]
        self._columns: list[str] = list(rows[0]) if rows else []
        if rows:
            with path.open("w", newline="") as stream:
                writer = csv.DictWriter(stream, self._columns)
                writer.writeheader()
                writer.writerows(rows)

    def write(self, step: int, seconds: float, terms: dict[str, float]) -> None:
        row = {"step": step, "seconds": round(seconds, 1), **{name: round(value, 4) for name, value in terms.items()}}
        new = not self._columns
        self._columns = self._columns or list(row)
        with self._path.open("w" if new else "a", newline="") as stream:
            writer = csv.DictWriter(stream, self._columns)
            if new:
                writer.writeheader()
            writer.writerow(row)
