# Booting on rented machines. Where GRUB goes is the layout's business (../layouts).
{host, ...}: {
  boot = {
    loader = {
      timeout = 3;
      # the variables belong to the provider's machine, not to ours, and are easily lost
      efi.canTouchEfiVariables = false;
      grub = {
        enable = true;
        configurationLimit = 10;
        splashImage = null;
        extraConfig = ''
          serial --unit=0 --speed=115200
          terminal_input --append serial
          terminal_output --append serial
        '';
      };
    };

    # the last one is where the system speaks first: the serial console, which can be read
    # from outside when nothing else answers
    kernelParams = [
      "console=tty0"
      (
        if host.arch == "aarch64"
        then "console=ttyAMA0,115200"
        else "console=ttyS0,115200n8"
      )
    ];

    # what disks and network cards of virtual and of real machines hang on
    initrd.availableKernelModules = [
      "ahci"
      "ata_piix"
      "nvme"
      "sd_mod"
      "sr_mod"
      "usb_storage"
      "virtio_blk"
      "virtio_net"
      "virtio_pci"
      "virtio_scsi"
      "xhci_pci"
    ];
    tmp.cleanOnBoot = true;
  };
}
