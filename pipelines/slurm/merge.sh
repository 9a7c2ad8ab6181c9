#!/bin/sh
# Merges the shards of a dataset; submitted by prepare.sh.
#
#   merge.sh DATASET
set -u
status=0
mynah-prepare merge "$1" --threads "${SLURM_CPUS_PER_TASK:-1}" || status=$?
# Problems of clips are rows of the dataset, not failures.
[ "$status" -le 1 ]
