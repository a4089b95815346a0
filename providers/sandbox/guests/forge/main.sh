#!/bin/sh
# Makes everything but the vendor's image, in a root that has the packages: what stands in /out is for the cache folder.
set -eu
mkdir -p /out /forge
step() { echo "provision: $2" && sh "/recipe/forge/$1.sh"; }
step modules "the kernel and its modules"
step system "the small system's programs"
step rescue "the rescue system"
step rescue-initrd "its initramfs"
step rescue-disk "its disk"
step kexec "the installer"
step chain "the network's boot loader"
