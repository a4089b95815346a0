#!@interpreter@
# Wipes the disks, cuts them, makes file systems and mounts them below /mnt. May be run again.
set -eu
PATH="$PATH:/run/current-system/sw/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
export PATH
root=/mnt
patience=30

step() {
  echo "disko: $*"
}

fail() {
  echo "disko: $*" >&2
  exit 1
}

# the name of a disk's partition, in the family of names that the disk was given in
node() {
  case "$1" in
    /dev/disk/*) echo "$1-part$2" ;;
    *[0-9]) echo "$1p$2" ;;
    *) echo "$1$2" ;;
  esac
}

# need DISK…: all of them are there, and nobody uses them; asked before anything is wiped
need() {
  for disk in "$@"; do
    test -b "$disk" || fail "$disk is no disk of this machine; nothing was wiped"
    for part in $(lsblk -lnpo NAME "$disk"); do
      swapoff "$part" 2>/dev/null || true
      if findmnt -rn -S "$part" >/dev/null; then
        fail "$part is in use at $(findmnt -rno TARGET -S "$part" | head -n 1); nothing was wiped"
      fi
    done
  done
}

# wipe DISK: nothing is left that a system or a firmware could find on it
wipe() {
  for part in $(lsblk -lnpo NAME "$1" | tail -n +2); do
    wipefs -qaf "$part"
  done
  wipefs -qaf "$1"
  sgdisk --zap-all "$1" >/dev/null
}

# settle DISK COUNT: the kernel knows the new partitions, and udev has named all of them
settle() {
  partprobe "$1" 2>/dev/null || blockdev --rereadpt "$1" || true
  udevadm trigger --subsystem-match=block
  left=$patience
  while true; do
    udevadm settle --timeout=10 || true
    missing=
    number=0
    while test "$number" -lt "$2"; do
      number=$((number + 1))
      test -b "$(node "$1" "$number")" || missing=$(node "$1" "$number")
    done
    test -n "$missing" || return 0
    left=$((left - 1))
    test "$left" -gt 0 || fail "$missing did not appear within $patience s"
    sleep 1
  done
}

# subvolumes NODE NAME…
subvolumes() {
  part=$1
  shift
  top=$(mktemp -d)
  mount -t btrfs -o subvol=/ "$part" "$top"
  for name in "$@"; do
    mkdir -p "$(dirname "$top/$name")"
    btrfs subvolume create "$top/$name" >/dev/null
  done
  umount "$top"
  rmdir "$top"
}

# attach DISK NUMBER TYPE OPTIONS MOUNTPOINT
attach() {
  mkdir -p "$root$5"
  mount -t "$3" -o "$4" "$(node "$1" "$2")" "$root$5"
}

if findmnt -rn "$root" >/dev/null; then
  step "unmount $root"
  umount -R "$root"
fi

@commands@
findmnt -R "$root"
