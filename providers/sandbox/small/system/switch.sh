#!@busybox@/bin/sh
# switch-to-configuration ACTION, as NixOS has it.
set -eu
export PATH=@busybox@/bin:/usr/bin:/usr/sbin
action=${1:-}

# differs FOLDER-OR-FILE…: below /etc, between the running system and this one
differs() {
  for path in "$@"; do
    old="/run/current-system/etc/$path"
    new="@out@/etc/$path"
    if test -e "$old" -o -e "$new"; then
      diff -qr "$old" "$new" >/dev/null 2>&1 || return 0
    fi
  done
  return 1
}

changed() {
  ! differs ssh systemd/system/sshd.service || echo sshd.service
  ! differs systemd/network || echo systemd-networkd.service
  ! differs systemd/journald.conf || echo systemd-journald.service
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
