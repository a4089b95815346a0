#!/bin/sh
# The rescue system's initramfs, and the installer's, which brings its root along.
set -eu
sh /recipe/forge/initramfs.sh /forge/initrd sd_mod virtio_blk virtio_scsi squashfs overlay loop
install -m 755 /recipe/initramfs/init /forge/initrd/init
pack() { (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0); }
pack /forge/initrd | gzip -9n >/out/rescue.initrd
