#!/bin/sh
# The small system's programs: the files of some packages and of all that these need, without
# what a machine that is only booted and proven never reads.
set -eu
cd /
mkdir -p /out/system/usr /out/system/etc
packages=$(grep -v '^#' /recipe/packages/system)
# shellcheck disable=SC2086
apt-cache depends --installed --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances $packages | grep '^[a-z0-9]' | cut -d: -f1 | sort -u |
    grep -vxf /recipe/packages/system-without >/forge/system.packages

# dpkg tells some files by their names before /usr was merged
while read -r package; do dpkg -L "$package" 2>/dev/null || true; done </forge/system.packages |
    sed -E 's,^/(s?bin|lib|lib64)/,/usr/\1/,' | grep -E '^/(usr|etc)/' |
    grep -vEf /recipe/packages/system-prune | sort -u >/forge/system.names
while read -r name; do
    if [ -L "$name" ] || [ -f "$name" ]; then echo "${name#/}"; fi
done </forge/system.names >/forge/system.files
tar -C / -cf - --no-recursion -T /forge/system.files | tar -C /out/system -xf -

# what packages make when they are installed, and no list names
cd /out/system
mkdir -p usr/lib64 usr/sbin
ln -sf mawk usr/bin/awk
ln -sf bash usr/bin/sh
cp -a /usr/bin/busybox usr/bin/
for etc in pam.d security login.defs nsswitch.conf ssl/openssl.cnf; do
    [ -e "/etc/$etc" ] || continue
    mkdir -p "etc/$(dirname $etc)"
    cp -aT "/etc/$etc" "etc/$etc"
done

# the beginning of its initramfs, and its kernel
sh /recipe/forge/initramfs.sh /out/system/initrd virtio_blk virtio_scsi sd_mod ahci btrfs vfat nls_cp437 nls_ascii nls_utf8
cp /out/vmlinuz /out/system/vmlinuz
