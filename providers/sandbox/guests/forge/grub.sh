#!/bin/sh
# Boot loaders: of the vendor's image for both firmwares, and the one that hands over to another's.
set -eu
modules="part_gpt part_msdos fat ext2 search search_fs_file search_label search_fs_uuid configfile normal echo test linux serial terminal minicmd sleep"
# shellcheck disable=SC2086
grub-mkimage -O x86_64-efi -o /out/chain.efi -p /none -c /recipe/chain/early.cfg \
    $modules chain smbios memdisk 2>/dev/null || true
