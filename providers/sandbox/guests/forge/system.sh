#!/bin/sh
# The small system's programs: the files of some packages and of all that these need, without
# what a machine that is only booted and proven never reads.
set -eu
cd /
mkdir -p /out/system/usr
packages=$(grep -v '^#' /recipe/packages/system)
# shellcheck disable=SC2086
apt-cache depends --installed --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances $packages | grep '^[a-z0-9]' | cut -d: -f1 | sort -u |
    grep -vxf /recipe/packages/system-without >/forge/system.packages

# dpkg tells some files by their names before /usr was merged
while read -r package; do dpkg -L "$package" 2>/dev/null || true; done </forge/system.packages |
    sed -E 's,^/(s?bin|lib|lib64)/,/usr/\1/,' | grep '^/usr/' |
    grep -vEf /recipe/packages/system-prune | sort -u >/forge/system.names
while read -r name; do
    if [ -L "$name" ] || [ -f "$name" ]; then echo "${name#/}"; fi
done </forge/system.names >/forge/system.files
tar -C / -cf - --no-recursion -T /forge/system.files | tar -C /out/system -xf -

# what packages make when they are installed, and no list names
cd /out/system
mkdir -p bin kernel
ln -sf mawk usr/bin/awk
ln -sf bash usr/bin/sh
# what builds it, and its kernel, stand beside
cp /usr/bin/busybox bin/busybox
cp /out/vmlinuz kernel/vmlinuz
