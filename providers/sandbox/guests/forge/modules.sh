#!/bin/sh
# The kernel, and those of its modules that virtual machines need, unpacked: packed ones are slow to load.
set -eu
version=$(ls /usr/lib/modules)
into=/forge/modules/usr/lib/modules/$version
mkdir -p "$into" /out/system/modules/lib/modules
cp "/boot/vmlinuz-$version" /out/vmlinuz
depmod "$version"

# prints the files that a module needs, in the order in which they are to be loaded
files() { modprobe --show-depends --set-version "$version" "$1" 2>/dev/null | awk '$1 == "insmod" { print $2 }'; }

grep -v '^#' /recipe/packages/modules | while read -r name; do files "$name"; done | sort -u | while read -r file; do
    plain=$into/${file#*/modules/$version/}
    plain=${plain%.xz}
    mkdir -p "${plain%/*}"
    case $file in
    *.xz) xz -dc "$file" >"$plain" ;;
    *) cp "$file" "$plain" ;;
    esac
done
for file in order builtin builtin.modinfo; do cp "/usr/lib/modules/$version/modules.$file" "$into/"; done
depmod -b /forge/modules/usr "$version" 2>/dev/null || depmod -b /forge/modules "$version"
cp -a "$into" /out/system/modules/lib/modules/
