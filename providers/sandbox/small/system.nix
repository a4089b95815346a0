# The system's closure: userland, modules, kernel, initrd, /etc, and the entry points above them.
{
  build,
  disko,
  grub,
  wanted,
}: let
  inherit (builtins) attrNames concatStringsSep filter map;
  inherit (build) busybox fill pieces program run write;
  unlines = list: concatStringsSep "" (map (line: "${line}\n") list);
  each = set: make: concatStringsSep "" (map (name: make name set.${name}) (attrNames set));

  userland = run "small-userland" {} ''
    mkdir -p "$out/usr"
    cp -RP ${pieces}/usr/. "$out/usr/"
    # what is started is the copy with the setuid bit, in /run/wrappers
    chmod u+w "$out/usr/bin" "$out/usr/lib" "$out/usr/libexec/sudo"
    mv "$out/usr/bin/sudo" "$out/usr/libexec/sudo/sudo"
    rm -f "$out/usr/bin/sudoedit"
    # of the system that was booted, so that a switch does not take them away
    ln -s /run/booted-system/kernel-modules/lib/modules "$out/usr/lib/modules"
  '';

  modules = run "small-kernel-modules" {} ''
    mkdir -p "$out"
    cp -RP ${pieces}/modules/. "$out/"
  '';

  kernel = run "small-kernel" {} ''
    mkdir -p "$out"
    cp ${pieces}/kernel/vmlinuz "$out/vmlinuz"
  '';

  # mounted before systemd: what it, its journal and the store are on
  early =
    filter (m: builtins.elem m.mountpoint ["/" "/nix" "/nix/store" "/var" "/var/lib" "/var/log" "/etc"])
    disko.mounts;

  # what disks hang on, and what they are formatted with
  drivers = ["virtio_pci" "sd_mod" "virtio_scsi" "virtio_blk" "nvme" "ahci" "btrfs" "ext4"];

  initrd = run "small-initrd" {} ''
    mkdir root "$out"
    cd root
    mkdir -p bin lib/modules
    cp ${busybox}/bin/busybox bin/busybox
    ${write "init" (builtins.readFile ./system/initrd.sh)}
    chmod 755 init
    ${write "modules" (unlines drivers)}
    ${write "mounts" (unlines (map (m: "${m.label} ${m.type} ${concatStringsSep "," m.options} ${m.mountpoint}") early))}
    version=$(ls ${modules}/lib/modules)
    from=${modules}/lib/modules/$version
    to=lib/modules/$version
    mkdir -p "$to"
    cp "$from"/modules.* "$to/"
    for driver in $(cat modules); do
      # a line of modules.dep: the file, a colon, what it needs
      file=$(tr - _ < "$from/modules.dep" | grep -n "/$driver\.ko[^ ]*:" | head -n 1 | cut -d: -f1)
      test -n "$file" || continue
      for one in $(sed -n "''${file}p" "$from/modules.dep" | tr -d :); do
        mkdir -p "$to/$(dirname "$one")"
        test -e "$to/$one" || cp "$from/$one" "$to/$one"
      done
    done
    chmod -R u+w .
    find . -exec touch -h -d @1 {} +
    find . | sort | cpio -o -H newc -R 0:0 | gzip -n -6 > "$out/initrd"
  '';

  content = import ./etc.nix {
    inherit wanted;
    inherit (disko) mounts;
  };

  etc = run "small-etc" {} ''
    mkdir -p "$out/etc"
    cd "$out/etc"
    ${each content.files write}
    ${each content.links (path: target: ''
      mkdir -p "$(dirname "${path}")"
      ln -s "${target}" "${path}"
    '')}
    find . -mindepth 1 -type d | sed 's,^\./,,' | sort > "$out/folders"
    find . -mindepth 1 ! -type d | sed 's,^\./,,' | sort > "$out/files"
    ${write "$out/modes" (each content.modes (path: mode: "${mode} ${path}\n"))}
  '';

  install = program "install-grub" (fill ./system/grub.sh {
    inherit busybox;
    devices = concatStringsSep " " grub.devices;
    efi =
      if grub.efiSupport
      then 1
      else 0;
  });

  # the last console is where the system speaks
  params = ["console=tty0" "console=ttyS0,115200n8" "loglevel=4" "net.ifnames=1" "mitigations=off" "scsi_mod.scan=sync" "tsc=unstable"];

  values = {
    inherit busybox etc userland;
    grub = install;
    out = "@out@";
  };
in {
  toplevel = run "nixos-system-${wanted.host}-small" {} ''
    mkdir -p "$out/bin"
    printf %s ${build.system} > "$out/system"
    printf %s 26.05.small > "$out/nixos-version"
    printf %s "${concatStringsSep " " params}" > "$out/kernel-params"
    ln -s ${kernel}/vmlinuz "$out/kernel"
    ln -s ${initrd}/initrd "$out/initrd"
    ln -s ${modules} "$out/kernel-modules"
    ln -s ${userland}/usr "$out/sw"
    ln -s ${etc}/etc "$out/etc"
    ${write "activate.in" (fill ./system/activate.sh values)}
    ${write "init.in" (fill ./system/init.sh values)}
    ${write "switch.in" (fill ./system/switch.sh values)}
    sed "s,@out@,$out,g" activate.in > "$out/activate"
    sed "s,@out@,$out,g" init.in > "$out/init"
    sed "s,@out@,$out,g" switch.in > "$out/bin/switch-to-configuration"
    chmod 755 "$out/activate" "$out/init" "$out/bin/switch-to-configuration"
  '';

  diskoScript = {
    name,
    interpreter ? "${busybox}/bin/sh",
  }:
    program name (fill ./disko.sh {
      inherit interpreter;
      inherit (disko) commands;
    });
}
