# The pieces that layouts are made of.
{host}: {
  # GRUB's second half, on a disk that has no gap behind its boot sector; disko puts the first
  # half into the boot sector of a disk with such a partition (boot.loader.grub.devices)
  bios = {
    size = "1M";
    type = "EF02";
  };

  esp = {
    size = "512M";
    type = "EF00";
    content = {
      type = "filesystem";
      format = "vfat";
      mountpoint = "/boot";
      mountOptions = ["umask=0077"];
    };
  };

  root = {
    size = "100%";
    content = {
      type = "btrfs";
      extraArgs = ["-f"];
      subvolumes = let
        at = mountpoint: {
          inherit mountpoint;
          mountOptions = ["compress=zstd" "noatime"];
        };
      in {
        "/root" = at "/";
        "/home" = at "/home";
        "/nix" = at "/nix";
        "/log" = at "/var/log";
      };
    };
  };

  disk = partitions: {
    type = "disk";
    device = host.disk;
    content = {
      type = "gpt";
      inherit partitions;
    };
  };

  # where UEFI looks without having been told by a variable
  grubForUefi = {
    efiSupport = true;
    efiInstallAsRemovable = true;
  };
}
