#!/bin/sh
# The installer's tarball: kexec with its libraries, the kernel, and an initramfs that holds the whole root.
set -eu
kexec=/forge/kexec/kexec
mkdir -p $kexec/lib
cp -a /forge/initrd /forge/installer-initrd
ln /out/rescue.squashfs /forge/installer-initrd/root.squashfs
cp /recipe/kexec/installer /forge/installer-initrd/installer
(cd /forge/installer-initrd && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >$kexec/initrd
cp /out/vmlinuz $kexec/bzImage
cp /usr/sbin/kexec $kexec/lib/kexec
cp -L /lib64/ld-linux-x86-64.so.2 $kexec/lib/ld.so
ldd /usr/sbin/kexec | awk '$2 == "=>" { print $3 }' | while read -r library; do cp -L "$library" $kexec/lib/; done
install -m 755 /recipe/kexec/run $kexec/run
# what is inside is packed already
tar -C /forge/kexec -cf - kexec | gzip -1n >/out/kexec.tar.gz
