#!@busybox@/bin/sh
# The second stage: from a mounted root to systemd.
export PATH=@busybox@/bin
echo
echo "<<< small system, stage 2 >>>"

# mounted FOLDER
mounted() {
  grep -q "^[^ ]* $1 " /proc/mounts
}

# where the first stage did not bring them along
test -e /proc/mounts || mount -t proc -o nosuid,noexec,nodev proc /proc
mounted /sys || mount -t sysfs -o nosuid,noexec,nodev sysfs /sys
mounted /dev || mount -t devtmpfs -o nosuid,mode=755 devtmpfs /dev
mounted /run || mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /run
mkdir -p /run/wrappers
mount -t tmpfs -o nodev,mode=755,size=8m tmpfs /run/wrappers

# the store is read only to everything but Nix
mount --bind /nix/store /nix/store
mount -o remount,ro,bind /nix/store

@out@/activate || echo "the activation failed"
ln -sfn @out@ /run/booted-system

# an empty one would make systemd preset all units
if ! test -s /etc/machine-id; then
  tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id
fi

echo "starting systemd..."
exec env -i /usr/lib/systemd/systemd "$@"
