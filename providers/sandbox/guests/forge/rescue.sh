#!/bin/sh
# The rescue system's root, packed to be read only and as a disk of its own; the installer has the same.
set -eu
root=/forge/rescue
into() { install -D -m "$1" "/recipe/$2" "$root/$3"; }

mkdir -p "$root"
tar -C / -cf - --anchored --no-wildcards-match-slash --one-file-system -X /recipe/packages/rescue-prune . | tar -C "$root" -xf -
for folder in boot dev etc/apt/apt.conf.d etc/nix mnt nix/store nix/var/nix proc run sys usr/lib/modules \
    var/cache var/lib/dpkg/info var/log/journal; do mkdir -p "$root/$folder"; done
install -d -m 1777 "$root/tmp"
cp -a /forge/modules/usr/lib/modules/. "$root/usr/lib/modules/"

cd "$root"
rm -rf initrd.img* vmlinuz* etc/hostname etc/machine-id etc/systemd/system etc/ssh/sshd_config.d init
mkdir -p etc/systemd/system/multi-user.target.wants etc/ssh/sshd_config.d
into 755 rescue/provision-guest usr/local/sbin/provision-guest
into 644 rescue/provision-guest.service etc/systemd/system/provision-guest.service
into 644 rescue/ssh.service etc/systemd/system/ssh.service
into 644 rescue/sshd_config etc/ssh/sshd_config
into 644 rescue/nix.conf etc/nix/nix.conf
into 644 rescue/80-dhcp.network etc/systemd/network/80-dhcp.network
for tool in nixos-enter nixos-install; do into 755 nixos/$tool usr/local/sbin/$tool; done
grep -v '^#' /recipe/rescue/masked | while read -r unit; do ln -s /dev/null "etc/systemd/system/$unit"; done
for unit in ssh systemd-networkd; do
    from=/usr/lib/systemd/system
    [ ! -e "etc/systemd/system/$unit.service" ] || from=/etc/systemd/system
    ln -s "$from/$unit.service" etc/systemd/system/multi-user.target.wants/
done
ln -s /usr/lib/systemd/system/multi-user.target etc/systemd/system/default.target

echo rescue >etc/hostname
: >etc/machine-id
: >etc/resolv.conf
: >etc/fstab
printf '127.0.0.1 localhost\n::1 localhost\n' >etc/hosts
sed -i 's/^root:[^:]*:/root:*:/' etc/shadow
# one text for both would lie to who asks what this is: the installer says that it is NixOS's
sed -i 's/^PRETTY_NAME=.*/PRETTY_NAME="Rescue system (Debian 13)"/' usr/lib/os-release

# nothing is out of date at the first start: systemd need not see to it
touch etc/.updated var/.updated
mksquashfs "$root" /out/rescue.squashfs -comp zstd -Xcompression-level "${LEVEL:-15}" -b 256K -noappend -quiet -no-progress
