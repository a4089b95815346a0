#!/bin/sh
# The rescue system's root as a disk that it runs from: one partition, counted in MiB.
set -eu
disk=/forge/rescue-disk
size=2048
truncate -s "${size}M" $disk
sfdisk --quiet $disk <<TABLE
label: gpt
1: start=1MiB, size=$((size - 2))MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709
TABLE
mke2fs -q -t ext4 -L provision-rescue -d /forge/rescue -E offset=1048576,lazy_itable_init=1 $disk "$((size - 2))M"
gzip -1n -c $disk >/out/rescue.raw.gz
