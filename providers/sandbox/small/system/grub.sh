#!@busybox@/bin/sh
# install-grub SYSTEM: kernels and GRUB's configuration to /boot, and GRUB itself where asked for.
set -eu
export PATH=@busybox@/bin:/usr/bin:/usr/sbin
umask 022
boot=/boot
mkdir -p "$boot/grub" "$boot/kernels"
used=$(mktemp)

# on_boot FILE: a copy beside GRUB, under a name that says what is in it
on_boot() {
  real=$(readlink -f "$1")
  name=$(echo "${real#/nix/store/}" | tr / -)
  if ! test -e "$boot/kernels/$name"; then
    cp "$real" "$boot/kernels/$name.tmp"
    mv "$boot/kernels/$name.tmp" "$boot/kernels/$name"
  fi
  echo "$name" >> "$used"
  echo "$place/kernels/$name"
}

# entry TITLE SYSTEM
entry() {
  kernel=$(on_boot "$2/kernel")
  initrd=$(on_boot "$2/initrd")
  echo "menuentry '$1' {"
  echo "  linux $kernel init=$(readlink -f "$2")/init $(cat "$2/kernel-params")"
  echo "  initrd $initrd"
  echo "}"
}

uuid=$(grub-probe --target=fs_uuid "$boot")
place=$(grub-mkrelpath "$boot")
place=${place%/}
echo "updating GRUB 2 menu..."
{
  echo "serial --unit=0 --speed=115200"
  echo "terminal_input serial console"
  echo "terminal_output serial"
  echo "set timeout=1"
  echo "set default=0"
  echo "search --no-floppy --fs-uuid --set=root $uuid"
  entry "NixOS - Default" "$1"
  for link in $(ls -d /nix/var/nix/profiles/system-*-link 2>/dev/null | sort -t- -k2 -rn | head -n 10); do
    number=${link%-link}
    entry "NixOS - Configuration ${number##*-}" "$link"
  done
} > "$boot/grub/grub.cfg.tmp"
mv "$boot/grub/grub.cfg.tmp" "$boot/grub/grub.cfg"
for kernel in "$boot"/kernels/*; do
  grep -qxF "${kernel##*/}" "$used" || rm -f "$kernel"
done
rm -f "$used"

if test "${NIXOS_INSTALL_BOOTLOADER:-}" = 1; then
  for device in @devices@; do
    test "$device" != nodev || continue
    echo "installing the GRUB 2 boot loader on $device..."
    grub-install --target=i386-pc --boot-directory="$boot" "$device"
  done
  if test "@efi@" = 1; then
    echo "installing the GRUB 2 boot loader into $boot..."
    grub-install --target=x86_64-efi --removable --no-nvram --efi-directory="$boot" --boot-directory="$boot"
  fi
fi
sync
