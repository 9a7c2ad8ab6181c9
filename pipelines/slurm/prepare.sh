#!/bin/sh
# Prepares a corpus on a Slurm cluster whose nodes share a file system: an array with a job per shard, then a job that
# merges the shards.
#
#   pipelines/slurm/prepare.sh CORPUS DATASET SHARDS [RECIPE]
#
# `mynah-prepare` must be in the PATH of the jobs; CORPUS, DATASET and RECIPE must be the same paths on every node.
# Slurm's own variables, such as SBATCH_PARTITION and SBATCH_ACCOUNT, set whatever else the cluster requires.
# Run it again after a failure or a change of the corpus or the recipe: it skips finished work.
set -eu
if [ $# -lt 3 ] || [ $# -gt 4 ]; then
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
corpus=$1 dataset=$2 shards=$3 recipe=${4-}
here=$(cd "$(dirname "$0")" && pwd)
dataset=${dataset%/}
logs=$dataset.slurm
mkdir -p "$logs"

# Slurm refuses arrays larger than MaxArraySize - 1, so there may be several, each with an offset.
most=$(scontrol show config | sed -n 's/^MaxArraySize *= *//p')
most=$((${most:-1001} - 1))
jobs=
offset=0
while [ "$offset" -lt "$shards" ]; do
    size=$((shards - offset < most ? shards - offset : most))
    job=$(sbatch --parsable --job-name=mynah-prepare --array="1-$size" --requeue \
        --output="$logs/shard-%A-%a.log" \
        "$here/shard.sh" "$corpus" "$dataset" "$offset" "$shards" "$recipe")
    echo "shards $((offset + 1)) to $((offset + size)) of $shards: job $job"
    jobs="$jobs:${job%%;*}"
    offset=$((offset + size))
done
job=$(sbatch --parsable --job-name=mynah-merge --dependency="afterok$jobs" --kill-on-invalid-dep=yes --requeue \
    --output="$logs/merge-%j.log" "$here/merge.sh" "$dataset")
echo "merge: job $job"
