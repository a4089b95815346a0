#!/bin/sh
# initramfs.sh FOLDER MODULE…: busybox and some modules, with a list of them in the order of loading.
set -eu
version=$(ls /usr/lib/modules)
into=$1
shift
mkdir -p "$into/bin" "$into/proc" "$into/sys" "$into/dev" "$into/lib"
cp /usr/bin/busybox "$into/bin/"
for name; do
    modprobe --show-depends --set-version "$version" "$name" 2>/dev/null
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    module=${file##*/}
    module=${module%.xz}
    case $file in
    *.xz) xz -dc "$file" >"$into/lib/$module" ;;
    *) cp "$file" "$into/lib/$module" ;;
    esac
    echo "/lib/$module"
done >"$into/modules"
