"""A session with the vendor's Python client; what it has seen goes to stdout as JSON."""

import json
import os
import sys
import time

from hcloud import Client
from hcloud.images import Image
from hcloud.locations import Location
from hcloud.server_types import ServerType

PATIENCE = 60


def wait(server, what, fits):
    """Reads the server again until it fits."""
    until = time.monotonic() + PATIENCE
    while True:
        server.reload()
        if fits(server):
            return server
        if time.monotonic() > until:
            sys.exit(f"never {what}: status {server.status}, rescue {server.rescue_enabled}")
        time.sleep(0.05)


def described(server):
    return {
        "name": server.name,
        "status": server.status,
        "server_type": server.server_type.name,
        "location": server.location.name,
        "image": server.image.name,
        "ipv4": server.public_net.ipv4.ip,
        "labels": server.labels,
    }


def session(client, wanted):
    seen = {}
    key = client.ssh_keys.create(name=wanted["key_name"], public_key=wanted["public_key"])
    seen["key_fingerprint"] = key.fingerprint
    seen["keys"] = [each.name for each in client.ssh_keys.get_all()]

    created = client.servers.create(
        name=wanted["server_name"],
        server_type=ServerType(name=wanted["server_type"]),
        image=Image(name=wanted["image"]),
        location=Location(name=wanted["location"]),
        ssh_keys=[key],
        labels=wanted["labels"],
    )
    created.action.wait_until_finished()
    for action in created.next_actions:
        action.wait_until_finished()
    seen["servers"] = [each.name for each in client.servers.get_all()]
    server = client.servers.get_by_name(wanted["server_name"])
    wait(server, "running", lambda s: s.status == "running")
    seen["server"] = described(server)
    rescue = [server.rescue_enabled]

    enabled = server.enable_rescue(type="linux64", ssh_keys=[key.id])
    enabled.action.wait_until_finished()
    if not enabled.root_password:
        sys.exit("no password for the rescue system")
    server.reload()
    rescue.append(server.rescue_enabled)
    server.reset().wait_until_finished()
    wait(server, "out of rescue", lambda s: not s.rescue_enabled)
    rescue.append(server.rescue_enabled)
    seen["rescue"] = rescue
    seen["after_reset"] = server.status

    server.delete().wait_until_finished()
    key.delete()
    everything = client.servers.get_all() + client.ssh_keys.get_all() + client.primary_ips.get_all()
    seen["left"] = [each.name for each in everything]
    return seen


def main():
    client = Client(
        token=os.environ["HCLOUD_TOKEN"],
        api_endpoint=os.environ["HCLOUD_ENDPOINT"],
        poll_interval=0.05,
        timeout=30,
    )
    json.dump(session(client, json.loads(sys.argv[1])), sys.stdout)


if __name__ == "__main__":
    main()
