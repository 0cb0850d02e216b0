"""The models that can be loaded by name. A new one is one more `MODELS.add`.

Revisions and hashes are pinned where several independent public sources agree on them; where they could not be
verified the field is left empty, and the commit and hash found at download time are recorded instead.
"""

from __future__ import annotations

from dataclasses import replace

from vpe_core.errors import ModelError
from vpe_core.models.specs import ModelSpec
from vpe_core.registry import Registry

MODELS: Registry[ModelSpec] = Registry("model", ModelError)

_CLIP_PAPER = "Radford et al., Learning transferable visual models from natural language supervision, ICML 2021"

_SIMCLIP = ModelSpec(
    name="simclip",
    title="SimCLIP (embedded)",
    scheme="embedded",
    location="simclip",
    domain="Simulated chest X-rays with markers, as in figures of papers.",
    simulated_only=True,
    image_size=224,
    licence="Apache-2.0",
)
_SIMCLIP_PLAIN = replace(
    _SIMCLIP,
    name="simclip-plain",
    title="SimCLIP-plain: never saw a marker",
    location="simclip-plain",
    domain="Simulated chest X-rays, never with a marker: the control for SimCLIP.",
)

for _spec in (
    _SIMCLIP,
    _SIMCLIP_PLAIN,
    ModelSpec(
        name="biomedclip",
        title="BiomedCLIP",
        scheme="hf-hub",
        location="microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224",
        domain="15 million figures and captions of biomedical articles (PMC-15M).",
        weights="open_clip_pytorch_model.bin",
        revision="9f341de24bfb00180f1b847274256e9b65a3a32e",
        sha256="52cc993c5c5ff962bd0c60931874bc001e7e9b41666a385530f4a036294576be",
        companions=(
            ("microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract", "d673b8835373c6fa116d6d8006b33d48734e305d"),
        ),
        size_bytes=783_705_670,
        image_size=224,
        context_length=256,
        licence="MIT",
        paper="Zhang et al., BiomedCLIP, arXiv 2303.00915",
    ),
    ModelSpec(
        name="bmc-clip-cf",
        title="BMC-CLIP (concept-filtered)",
        scheme="hf-hub",
        location="BIOMEDICA/BMC_CLIP_CF",
        domain="Concept-filtered figures and captions of open biomedical articles (BIOMEDICA).",
        architecture="ViT-L-14",
        weights="BMC_CLIP_CF.pt",
        image_size=224,
        context_length=77,
        paper="Lozano et al., BIOMEDICA, CVPR 2025, arXiv 2501.07171",
    ),
    ModelSpec(
        name="openai-vit-b-16",
        title="OpenAI CLIP ViT-B/16",
        scheme="hf-hub",
        location="timm/vit_base_patch16_clip_224.openai",
        domain="400 million image-text pairs of the web; not a medical model.",
        architecture="ViT-B-16-quickgelu",
        weights="open_clip_model.safetensors",
        revision="977e3dd0ec55ab8da155f2fbeb6b5f54948b6e3d",
        sha256="4b8699299b1e8997753c64b052ba32031449d5d853f55a039148560ee02b820f",
        image_size=224,
        context_length=77,
        licence="MIT",
        paper=_CLIP_PAPER,
    ),
    ModelSpec(
        name="pubmedclip",
        title="PubMedCLIP ViT-B/32",
        scheme="hf-hub",
        location="sarahESL/PubMedCLIP",
        domain="80,000 radiology images and captions of PubMed articles (ROCO).",
        architecture="ViT-B-32-quickgelu",
        weights="PubMedCLIP_ViT32.pth",
        image_size=224,
        context_length=77,
        licence="Creative Commons (as its repository states)",
        paper="Eslami et al., PubMedCLIP, Findings of EACL 2023, arXiv 2112.13906",
    ),
):
    MODELS.add(_spec.name, _spec)
