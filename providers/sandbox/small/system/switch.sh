#!@busybox@/bin/sh
# switch-to-configuration ACTION, as NixOS has it.
set -eu
export PATH=@busybox@/bin:/usr/bin:/usr/sbin
action=${1:-}

# units whose files differ between the running system and this one
changed() {
  for unit in sshd.service systemd-networkd.service systemd-journald.service; do
    for path in "systemd/system/$unit" @watched@; do
      case "$unit:$path" in
        "$unit:systemd/system/$unit" | sshd.service:ssh/* | systemd-networkd.service:systemd/network/* | systemd-journald.service:systemd/journald.conf)
          cmp -s "/run/current-system/etc/$path" "@out@/etc/$path" || echo "$unit"
          ;;
      esac
    done
  done | sort -u
}

case "$action" in
  boot | switch | test | dry-activate) ;;
  *)
    echo "Usage: switch-to-configuration switch|boot|test|dry-activate" >&2
    exit 1
    ;;
esac
if ! test -e /etc/NIXOS; then
  echo "This is not a NixOS installation!" >&2
  exit 1
fi
if test "$action" = boot -o "$action" = switch; then
  @grub@ @out@
fi
test "$action" != boot || exit 0
units=$(changed)
if test "$action" = dry-activate; then
  echo "would activate the configuration..."
  test -z "$units" || echo "would restart the following units: $(echo $units)"
  exit 0
fi
echo "activating the configuration..."
@out@/activate
systemctl daemon-reload
if test -n "$units"; then
  echo "restarting the following units: $(echo $units)"
  systemctl try-restart $units
fi
