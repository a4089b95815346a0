# The addresses that the machine had when it was probed, given to networkd.
{host, ...}: let
  facts = host.facts;
  known = facts != null;

  isV6 = address: builtins.match ".*:.*" address != null;

  # An address that nobody hands out, and the way out of it: then nobody else is asked. Without
  # the way out a router's advertisement is the only one who can tell it.
  fixedV6 =
    known
    && builtins.any isV6 facts.network.addresses
    && builtins.any (gateway: isV6 gateway.via) facts.network.gateways;

  # as long as nothing is known: whatever the network hands out
  dhcp =
    if !known
    then "yes"
    else if facts.network.dhcp4
    then "ipv4"
    else "no";

  # A gateway outside the prefixes (of a /32 always, of a /128 unless it is link-local) is on the
  # link all the same: without the word networkd and the kernel refuse the route.
  route = gateway:
    {
      Gateway = gateway.via;
      GatewayOnLink = gateway.on_link;
    }
    # behind the one that DHCP brings, if it brings one
    // (
      if facts.network.dhcp4 && !(isV6 gateway.via)
      then {Metric = 2048;}
      else {}
    );
in {
  networking = {
    useNetworkd = true;
    useDHCP = false;
    # a server's address is its name; one that changes is none
    tempAddresses = "disabled";
  };

  systemd.network.networks."10-world" = {
    # real cards only: bridges and tunnels of containers are none of this module's business
    matchConfig =
      {
        Type = "ether";
        Kind = "!*";
      }
      // (
        if known && facts.network ? mac
        then {MACAddress = facts.network.mac;}
        else {}
      );
    networkConfig = {
      DHCP = dhcp;
      IPv6AcceptRA = !fixedV6;
    };
    address =
      if known
      then facts.network.addresses
      else [];
    routes =
      if known
      then map route facts.network.gateways
      else [];
    linkConfig.RequiredForOnline = "routable";
  };
}
