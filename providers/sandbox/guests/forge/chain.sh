#!/bin/sh
# The EFI application that stands in for the vendor's network boot: one file, with its configuration in it.
set -eu
mkdir -p /forge/chain/boot/grub
cp /recipe/chain/grub.cfg /forge/chain/boot/grub/grub.cfg
tar -C /forge/chain --format=ustar -cf /forge/chain.tar boot
grub-mkimage -O x86_64-efi -o /out/chain.efi -m /forge/chain.tar -p '(memdisk)/boot/grub' \
    boot chain echo fat memdisk normal part_gpt part_msdos search search_fs_file serial sleep smbios tar terminal test true
