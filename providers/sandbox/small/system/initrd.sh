#!/bin/busybox sh
# The first stage: finds the disk by its partitions' names, mounts, and hands over.
export PATH=/bin
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /run /root
mount -t proc -o nosuid,noexec,nodev proc /proc
mount -t sysfs -o nosuid,noexec,nodev sysfs /sys
mount -t devtmpfs -o nosuid,mode=755 devtmpfs /dev
mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /run
echo "<<< small system, stage 1 >>>"

# Nobody is asked and nothing is started: the console says why, and it ends here.
stop() {
  echo "small system: $*"
  echo "small system: the disks and partitions that there are:"
  cat /proc/partitions
  while true; do
    sleep 3600
  done
}

init=
for word in $(cat /proc/cmdline); do
  case "$word" in
    init=*) init=${word#init=} ;;
  esac
done

for module in $(cat /modules); do
  modprobe "$module" || echo "the module $module cannot be loaded"
done

# find LABEL: the partition of that name, within half a minute
find_partition() {
  left=300
  while test "$left" -gt 0; do
    for event in /sys/class/block/*/uevent; do
      if grep -qx "PARTNAME=$1" "$event"; then
        part=${event%/uevent}
        echo "/dev/${part##*/}"
        return 0
      fi
    done
    left=$((left - 1))
    usleep 100000
  done
  return 1
}

while read -r label type options place; do
  part=$(find_partition "$label") || stop "there is no partition $label"
  mkdir -p "/root$place"
  mount -t "$type" -o "$options" "$part" "/root$place" || stop "$part cannot be mounted at $place"
done < /mounts

test -n "$init" || stop "the boot loader named no init"
test -e "/root$init" -o -L "/root$init" || stop "$init is not on the disk"
for folder in dev proc run sys; do
  mkdir -p "/root/$folder"
  mount --move "/$folder" "/root/$folder"
done
exec switch_root /root "$init"
