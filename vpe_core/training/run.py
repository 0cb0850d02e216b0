"""The state of a training run, and what it minimises."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from torch import Tensor, nn

from vpe_core.models.device import has_fast_bf16
from vpe_core.models.word_tokenizer import WordTokenizer
from vpe_core.training import captions, losses
from vpe_core.training.losses import K, LeakPenalty
from vpe_core.training.network import normalize, read, see
from vpe_core.training.recipe import Recipe, Stage

RUN_RECORD = "run.json"  # recipe, seconds, precision and device of a run that came to its end
CHECKPOINT_KEYS = frozenset(("recipe", "clip", "dense_head", "optimizers", "average", "leak", "step", "seconds"))


@dataclass(eq=False)
class TrainingRun:
    """The state of one run; `save` and `load` make it survive a kill."""

    recipe: Recipe
    clip: open_clip.CLIP
    dense_head: nn.Linear
    optimizers: list[torch.optim.Optimizer]
    average: dict[str, Tensor]
    leak: LeakPenalty
    step: int = 0

    @property
    def device(self) -> torch.device:
        return self.dense_head.weight.device

    @property
    def in_bf16(self) -> bool:
        """Whether it multiplies in bf16, which it does where the hardware does."""
        return has_fast_bf16(str(self.device))

    def save(self, path: Path, seconds: float) -> None:
        part = path.with_suffix(".part")
        state = {
            "recipe": self.recipe.model_dump_json(),
            "clip": self.clip.state_dict(),
            "dense_head": self.dense_head.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "average": self.average,
            "leak": self.leak.state(),
            "step": self.step,
            "seconds": seconds,
        }
        torch.save(state, part)
        part.replace(path)


def total_loss(
    run: TrainingRun, stage: Stage, batch: dict[str, Any], tokenizer: WordTokenizer
) -> tuple[Tensor, dict[str, float]]:
    """What a step minimises, and its terms and hit rates for the log."""
    weights = run.recipe.losses_of(stage)
    rng = np.random.default_rng([run.recipe.seed, 77, run.step])
    marked_as = [marker for marker in batch["marker"] if marker[0]]
    prompts = captions.class_prompts(rng, *(marked_as[0] if marked_as and rng.random() < 0.5 else ("", "")))
    texts = [*batch["caption"], *prompts, *captions.look_prompts(rng)]
    n = len(batch["caption"])
    present, marked = batch["present"], batch["marked"]
    with torch.autocast(run.device.type, torch.bfloat16, enabled=run.in_bf16):
        seen = see(run.clip, normalize(batch["pixels"]))
        words = read(run.clip, tokenizer(texts).to(run.device))
        patch_logits = run.dense_head(seen.patches)
    scale = run.clip.logit_scale.exp()
    class_logits = scale * seen.embedding @ words[n : n + K + 1].T
    terms = {
        "contrastive": losses.contrastive(scale * seen.embedding @ words[:n].T, batch["positives"]),
        "zero_shot": losses.zero_shot(class_logits, present),
        "undecided": losses.undecided(class_logits, present),
        "dense": losses.dense(patch_logits[..., :K], batch["dense"]),
        "pointed_at": losses.pointed_at(patch_logits[..., K], batch["region"], marked),
        "attention": losses.attention_inside(seen.attention, batch["region"], marked),
        "leak": run.leak(class_logits, batch["source"], batch["encloses"]),
    }
    looks = torch.tensor([("", "benign", "malignant").index(look) for look in batch["look"]], device=run.device)
    look_logits = (scale * seen.embedding @ words[n + K + 1 :].T)[looks > 0]
    look_loss = nn.functional.cross_entropy(look_logits, looks[looks > 0] - 1) if len(look_logits) else scale * 0
    loss = terms["contrastive"] + 0.15 * look_loss
    for name in ("zero_shot", "undecided", "dense", "pointed_at", "attention", "leak"):
        loss = loss + getattr(weights, name) * terms[name]
    with torch.no_grad():
        aimed = marked & present.any(-1)
        hits = (class_logits[:, :K].argmax(-1) == present.float().argmax(-1))[aimed]
        plain = ~batch["focused"] & present.any(-1)
        found = present[plain].gather(1, class_logits[plain, :K].argmax(-1, keepdim=True))
        shown = {name: float(value) for name, value in terms.items()}
        shown |= {"loss": float(loss), "scale": float(scale), "leak_gap": float(run.leak.gaps.abs().mean())}
        shown["marked_accuracy"] = float(hits.float().mean()) if len(hits) else float("nan")
        shown["unmarked_hit"] = float(found.float().mean()) if len(found) else float("nan")
    return loss, shown
