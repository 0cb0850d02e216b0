#!/usr/bin/env bash
# Makes all that precomputed/ holds of the simulated X-rays and the embedded models anew, in the order in which one thing
# needs the other. Hours on two cores; what is there already of bases, cases and training runs is kept.
#
#   scripts/remake.sh CT_FOLDER [NIH_FOLDER]
#
# NIH_FOLDER: NIH ChestX-ray14 in its published layout, for the distance to real films; without it that step is left out.
set -euo pipefail
ct=${1:?Give the folder of the chest CT.}
nih=${2:-}
python=${PYTHON:-python}
made=precomputed
step() { echo "== $*" >&2; "$@"; }

# Models: the shipped seed of both, one core each, then the second seed, of which only the results are kept.
for seed in "" -seed-2; do
  for name in simclip simclip-plain; do
    OMP_NUM_THREADS=1 step "$python" -m vpe_core train --config "vpe_core/training/recipes/$name$seed.toml" --ct "$ct" --threads 1 &
  done
  wait
done
cache=$("$python" -c 'from vpe_core.settings import get_settings; print(get_settings().cache_dir / "training")')
for name in simclip simclip-plain; do
  cp "$cache/$name/model/"* "$made/models/$name/"
  cp "$cache/$name/log.csv" "$made/models/$name/training_log.csv"
done

# X-rays.
rm -rf "$made"/datasets/sim-*
step "$python" -m vpe_core simulate --set sim-multi --part test --size 448 --webp 56 --twins --ct "$ct" --out "$made/datasets/sim-multi"
step "$python" -m vpe_core simulate --set sim-nodule --part test --size 448 --webp 56 --ct "$ct" --out "$made/datasets/sim-nodule"
step "$python" -m vpe_core simulate --set sim-shift --part test --size 448 --webp 48 --ct "$ct" --out "$made/datasets/sim-shift"
step "$python" -m scripts.make_samples --ct "$ct"
[ -z "$nih" ] || step "$python" -m scripts.measure_realism --real "$nih" --ct "$ct" --out "$made/datasets/realism.json"

# Results.
rm -rf "$made/results/benchmark"
step "$python" -m vpe_core benchmark run --plan embedded --out "$made/results/benchmark"
step "$python" -m scripts.compare_on_validation --ct "$ct" "$cache"/simclip*/model
step "$python" -m scripts.summarise_embedded_models
step "$python" -m scripts.measure_loose_markers
step "$python" -m scripts.measure_gallery
step "$python" -m scripts.measure_presence
step "$python" -m scripts.keep_geometry
# The example of the overview is chosen by hand: scripts.make_example --sample NAME --finding NUMBER
step "$python" -m scripts.write_model_cards
step "$python" -m scripts.keep_first_answers
