"""Servers that are rented: a VPS, and a dedicated one."""

from urllib.parse import quote

from common import only, some, wait


def vps(client, wanted):
    name = wanted["service"]
    path = f"/vps/{name}"
    seen = {"is there": name in client.get("/vps")}
    seen["contract"] = client.get(f"{path}/serviceInfos")["status"]
    before = client.get(path)
    seen["before"] = some(before, "name", "netbootMode", "state")
    addresses = [client.get(f"{path}/ips/{quote(ip, safe='')}") for ip in client.get(f"{path}/ips")]
    seen["versions"] = sorted(address["version"] for address in addresses)
    seen["gateways"] = all(address["gateway"] for address in addresses)
    seen["tags"] = tags(client, before["iam"]["urn"])

    def done(task):
        look = lambda: client.get(f"{path}/tasks/{task['id']}")
        return wait("done", look, lambda found: found["state"] == "done")["type"]

    def at_rest():
        busy = lambda: client.get(f"{path}/tasks", state="todo") + client.get(f"{path}/tasks", state="doing")
        wait("at rest", busy, lambda found: not found)

    for step, mode in (("rescue", "rescue"), ("back", "local")):
        client.put(path, netbootMode=mode)
        at_rest()
        task = done(client.post(f"{path}/reboot"))
        seen[step] = [task, *some(client.get(path), "netbootMode", "state").values()]
    ids = client.get(f"{path}/images/available")
    images = [client.get(f"{path}/images/available/{quote(each, safe='')}") for each in ids]
    image = only(images, name=wanted["image"])
    task = client.post(
        f"{path}/rebuild",
        imageId=image["id"],
        publicSshKey=wanted["public_key"],
        doNotSendPassword=True,
    )
    seen["rebuilt"] = [done(task), client.get(path)["state"], client.get(f"{path}/images/current")["name"]]
    return seen


def dedicated(client, wanted):
    name = wanted["service"]
    path = f"/dedicated/server/{name}"
    seen = {"is there": name in client.get("/dedicated/server")}
    seen["contract"] = client.get(f"{path}/serviceInfos")["status"]
    before = client.get(path)
    seen["before"] = some(before, "name", "powerState", "state")
    seen["firmware"] = client.get(f"{path}/specifications/hardware")["bootMode"]
    routing = client.get(f"{path}/specifications/network")["routing"]
    seen["address"] = routing["ipv4"]["ip"] == before["ip"]
    seen["tags"] = tags(client, before["iam"]["urn"])

    def boots(kind):
        ids = client.get(f"{path}/boot", bootType=kind)
        return [client.get(f"{path}/boot/{each}") for each in ids]

    def reboot():
        task = client.post(f"{path}/reboot")
        look = lambda: client.get(f"{path}/task/{task['taskId']}")
        return wait("done", look, lambda found: found["status"] == "done")["function"]

    [disk] = boots("harddisk")
    rescues = boots("rescue")
    seen["kinds"] = sorted({boot["bootType"] for boot in rescues})
    linux = min(boot["bootId"] for boot in rescues if boot["kernel"].startswith("rescue"))
    client.put(path, bootId=linux, rescueSshKey=wanted["public_key"])
    there = client.get(path)
    seen["armed"] = [there["bootId"] == linux, there["rescueSshKey"] == wanted["public_key"], reboot()]
    client.put(path, bootId=disk["bootId"])
    seen["back"] = [client.get(path)["bootId"] == disk["bootId"], reboot()]
    return seen


def tags(client, urn):
    """The whole map is replaced, then one is added, then one is taken away."""
    path = f"/v2/iam/resource/{quote(urn, safe='')}"
    before = client.get(path)["tags"] or {}
    client.put(path, tags=before | {"provision/owner": "me"})
    client.post(f"{path}/tag", key="provision/run", value="a b")
    both = client.get(path)["tags"]
    client.delete(f"{path}/tag/{quote('provision/run', safe='')}")
    one = client.get(path)["tags"]
    client.put(path, tags=before)
    ours = lambda tags: {key: value for key, value in tags.items() if key.startswith("provision/")}
    return [ours(both), ours(one), (client.get(path)["tags"] or {}) == before]
