#!/bin/sh
# The vendor's image as a disk: GPT, a BIOS boot partition, an EFI system partition, and the root last, so that it can grow.
set -eu
root=/forge/root
disk=/forge/disk
version=$(ls /usr/lib/modules)
into() { install -D -m "$1" "/recipe/$2" "/$3"; }

into 755 stock/provision-seed usr/local/sbin/provision-seed
into 644 stock/provision-seed.service etc/systemd/system/provision-seed.service
into 644 stock/cloud.cfg etc/cloud/cloud.cfg.d/99-vendor.cfg
into 644 stock/sshd.conf etc/ssh/sshd_config.d/10-vendor.conf
into 644 stock/grub.cfg boot/grub/grub.cfg
into 644 rescue/80-dhcp.network etc/systemd/network/80-dhcp.network
systemctl --quiet enable provision-seed.service systemd-networkd.service
grep -v '^#' /recipe/stock/masked | while read -r unit; do ln -sf /dev/null "/etc/systemd/system/$unit"; done
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id
: >/etc/machine-id
echo debian >/etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 debian\n::1 localhost\n' >/etc/hosts
printf 'LABEL=stock-root / ext4 errors=remount-ro 0 1\nLABEL=ESP /boot/efi vfat umask=0077,nofail 0 0\n' >/etc/fstab
printf 'deb http://deb.debian.org/debian trixie main\ndeb http://security.debian.org/debian-security trixie-security main\n' \
    >/etc/apt/sources.list
rm -rf /etc/apt/sources.list.d/* /etc/apt/apt.conf.d/99mmdebstrap

# nothing is out of date at the first start: systemd need not see to it
touch /etc/.updated /var/.updated

echo "provision: its initramfs"
printf 'sd_mod\nahci\nvirtio_blk\nvirtio_scsi\n' >/etc/initramfs-tools/modules
mkdir -p /etc/initramfs-tools/conf.d
printf 'MODULES=list\nCOMPRESS=zstd\nFSTYPE=ext4\nRESUME=none\n' >/etc/initramfs-tools/conf.d/vendor
update-initramfs -c -k "$version"
ln -sf "boot/vmlinuz-$version" /vmlinuz
ln -sf "boot/initrd.img-$version" /initrd.img

# a copy by hard links of all that belongs to it
mkdir -p "$root" /boot/efi
for top in /*; do
    case $top in /dev | /forge | /out | /proc | /recipe | /run | /sys | /tmp) ;; *) cp -al "$top" "$root/" ;; esac
done
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/var/tmp/*
mkdir -p "$root/dev" "$root/proc" "$root/run" "$root/sys" "$root/var/cache/apt/archives/partial" "$root/var/lib/apt/lists/partial"
install -d -m 1777 "$root/tmp"

echo "provision: its disk"
# 1 MiB each for the tables at both ends, 1 MiB for GRUB, 16 MiB for the ESP; all counted in MiB
size=1536 esp=16
root_at=$((2 + esp))
root_size=$((size - root_at - 1))
truncate -s "${size}M" $disk
sfdisk --quiet $disk <<TABLE
label: gpt
14: start=1MiB, size=1MiB, type=21686148-6449-6E6F-744E-656564454649
15: start=2MiB, size=${esp}MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
1: start=${root_at}MiB, size=${root_size}MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709
TABLE
mke2fs -q -t ext4 -L stock-root -d "$root" -E "offset=$((root_at * 1048576)),lazy_itable_init=1" $disk "${root_size}M"

modules="biosdisk part_gpt ext2 search search_label configfile normal linux serial terminal echo test"
# shellcheck disable=SC2086
grub-mkimage -O x86_64-efi -p /boot/grub -c /recipe/stock/early.cfg -o /forge/grubx64.efi ${modules#biosdisk } fat
truncate -s "${esp}M" /forge/esp
mkfs.vfat -n ESP /forge/esp >/dev/null
mmd -i /forge/esp ::/EFI ::/EFI/BOOT ::/EFI/debian
mcopy -i /forge/esp /forge/grubx64.efi ::/EFI/BOOT/BOOTX64.EFI
mcopy -i /forge/esp /forge/grubx64.efi ::/EFI/debian/grubx64.efi
dd if=/forge/esp of=$disk bs=1M seek=2 conv=notrunc,sparse status=none

# GRUB's boot sector names the first sector of its core, and that names the second one: both by hand,
# since there is no device here that GRUB's own installer could look at
# shellcheck disable=SC2086
grub-mkimage -O i386-pc -p /boot/grub -c /recipe/stock/early.cfg -o /forge/core.img $modules
little_endian() { printf "\\$(printf %o $(($1 & 255)))\\$(printf %o $(($1 >> 8 & 255)))"; }
first=2048
dd if=/usr/lib/grub/i386-pc/boot.img of=$disk bs=1 count=440 conv=notrunc status=none
little_endian $first | dd of=$disk bs=1 seek=92 conv=notrunc status=none
little_endian $((first + 1)) | dd of=/forge/core.img bs=1 seek=500 conv=notrunc status=none
dd if=/forge/core.img of=$disk bs=512 seek=$first conv=notrunc status=none

gzip -1n -c $disk >/out/stock.raw.gz
