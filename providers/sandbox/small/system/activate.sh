#!@busybox@/bin/sh
# Makes the root file system fit this system: at boot, in nixos-enter and when switching.
set -eu
export PATH=@busybox@/bin
umask 022

# place TARGET LINK: never without the link, not even for a moment
place() {
  ln -sfn "$1" "$2.new"
  mv -fT "$2.new" "$2"
}

echo "setting up /etc and the links to the system"
mkdir -p /dev /etc /home /proc /root /run /sys /tmp /var/empty /var/lib /var/log /var/tmp
chmod 0700 /root
chmod 1777 /tmp /var/tmp
place @userland@/usr /usr
for folder in bin sbin lib lib64; do
  place "usr/$folder" "/$folder"
done
place @out@ /run/current-system

# what an older system had and this one has not
mine=/etc/.small-system
if test -e "$mine"; then
  grep -vxFf @etc@/files "$mine" | while read -r old; do
    rm -f "/etc/$old"
  done
fi
# folders that are there already keep their modes
while read -r folder; do
  test -d "/etc/$folder" || mkdir "/etc/$folder"
done < @etc@/folders
cp -RPf @etc@/etc/. /etc/
cp -f @etc@/files "$mine"
while read -r mode path; do
  chmod "$mode" "/etc/$path"
done < @etc@/modes

# the store keeps no setuid bits
if grep -qs "^[^ ]* /run/wrappers " /proc/mounts; then
  mkdir -p /run/wrappers/bin
  cp -f @userland@/usr/libexec/sudo/sudo /run/wrappers/bin/sudo.new
  chown 0:1 /run/wrappers/bin/sudo.new
  chmod 4550 /run/wrappers/bin/sudo.new
  mv -f /run/wrappers/bin/sudo.new /run/wrappers/bin/sudo
fi
