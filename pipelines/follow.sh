#!/bin/sh
# Follows a training run: speaks the validation sentences with every new checkpoint, scores them, keeps a report and the
# best voice, and stops watching when the last checkpoints add nothing any more. Everything meets in files, and each
# program can be run by hand; change this script as you like.
#
#   pipelines/follow.sh RUN DATASET CORPUS OUT METRIC MARGIN
#   pipelines/follow.sh runs/first data/mine LJSpeech watched mcd/sp2mc-2 0.05
#
# OUT/report/index.html compares all checkpoints so far, OUT/best is the best voice, and OUT/follow.json has the numbers.
# From the environment: LAST, the number of last checkpoints that must add nothing (3); PAUSE, seconds between two looks
# (60); ONCE=1, to look once and return. MYNAH may name the directory of the programs.
set -eu
[ $# -eq 6 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
run=$1 data=$2 corpus=$3 out=$4 metric=$5 margin=$6
last=${LAST:-3} pause=${PAUSE:-60}
PATH=${MYNAH:+$MYNAH:}$PATH
mkdir -p "$out/voices" "$out/spoken" "$out/scores"

# Prints the steps of the checkpoints, in order.
steps() {
    for directory in "$run"/checkpoints/step-*; do
        [ -f "$directory/state.toml" ] && echo "${directory##*/step-}"
    done | sort -n
}

while :; do
    new=0
    for step in $(steps); do
        name=step-$step scores=$out/scores/step-$step.parquet
        [ -f "$scores" ] && continue
        # The training keeps the last checkpoints only: one that is gone by now is passed over.
        [ -d "$run/checkpoints/$name" ] || continue
        echo "== $name"
        [ -d "$out/voices/$name" ] || mynah-train export "$run" --step "$step" --out "$out/voices/$name"
        # Status 1 says that some sentences failed; their rows say which, and they count against the checkpoint.
        mynah-synthesize batch --voice "$out/voices/$name" --data "$data" --split validation \
            --out "$out/spoken/$name" || [ $? -eq 1 ]
        mynah-score run --reference "$corpus" --data "$data" --split validation \
            --system "$name=$out/spoken/$name" --out "$scores"
        new=1
    done
    if [ "$new" = 1 ]; then
        set --
        for step in $(steps); do
            [ -f "$out/scores/step-$step.parquet" ] || continue
            set -- "$@" --scores "$out/scores/step-$step.parquet" --system "step-$step=$out/spoken/step-$step"
        done
        mynah-summarize report "$@" --reference "$corpus" --no-baselines --force --out "$out/report"
        scores=''
        set --
        for table in "$out"/scores/*.parquet; do set -- "$@" --scores "$table"; done
        mynah-summarize follow "$@" --metric "$metric" --margin "$margin" --last "$last" \
            --out "$out/follow.json" --require-flat && flat=1 || { [ $? -eq 1 ] && flat=0; }
        best=$(sed -n 's/^ *"best": "\(.*\)",$/\1/p' "$out/follow.json" | head -n 1)
        if [ -n "$best" ]; then ln -sfn "voices/$best" "$out/best"; fi
        if [ "$flat" = 1 ]; then
            echo "The last $last checkpoints add nothing. The training goes on until you stop it; the best voice is $out/best."
            exit 0
        fi
    fi
    [ "${ONCE:-0}" = 1 ] && exit 0
    sleep "$pause"
done
