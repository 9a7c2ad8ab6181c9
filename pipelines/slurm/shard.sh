#!/bin/sh
# Prepares one shard of a corpus, as a task of an array; submitted by prepare.sh.
#
#   shard.sh CORPUS DATASET OFFSET SHARDS RECIPE
set -u
shard="$(($3 + SLURM_ARRAY_TASK_ID))/$4"
status=0
mynah-prepare run "$1" --out "$2" --shard "$shard" --threads "${SLURM_CPUS_PER_TASK:-1}" ${5:+--recipe "$5"} || status=$?
case $status in
    # Problems of clips are rows of the dataset, not failures.
    0 | 1) exit 0 ;;
    # A killed worker is tried again and keeps its finished work.
    1[2-9][0-9])
        if [ "${SLURM_RESTART_COUNT:-0}" -lt 3 ]; then
            echo "the worker was killed (exit status $status): trying again"
            scontrol requeue "$SLURM_JOB_ID" && sleep 60
        fi
        ;;
esac
exit "$status"
