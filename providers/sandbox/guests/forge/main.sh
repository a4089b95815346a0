#!/bin/sh
# Makes everything but the vendor's image, in a root that has the packages: what stands in /out is for the cache folder.
set -eu
mkdir -p /out /forge
for step in modules system rescue rescue-initrd rescue-disk kexec chain; do
    echo "provision: $step"
    sh "/recipe/forge/$step.sh"
done
