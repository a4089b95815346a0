"""A Public Cloud instance, from its order to its end."""

from common import only, some, wait


def cloud(client, wanted):
    seen = {}
    [project] = client.get("/cloud/project")
    base = f"/cloud/project/{project}"
    region = wanted["region"]
    seen["project"] = client.get(base)["status"]
    seen["region is there"] = region in client.get(f"{base}/region")
    flavor = only(client.get(f"{base}/flavor", region=region), name=wanted["flavor"])
    seen["flavor"] = some(flavor, "available", "osType", "region", "vcpus")
    images = client.get(f"{base}/image", region=region, osType="linux")
    image = only(images, name=wanted["image"])
    seen["image"] = some(image, "region", "user")

    key = client.post(f"{base}/sshkey", name=wanted["key_name"], publicKey=wanted["public_key"])
    seen["key"] = key["publicKey"]
    seen["keys"] = [each["name"] for each in client.get(f"{base}/sshkey")]
    made = client.post(
        f"{base}/instance",
        name=wanted["name"],
        region=region,
        flavorId=flavor["id"],
        imageId=image["id"],
        sshKeyId=key["id"],
        userData="#cloud-config\n",
        monthlyBilling=False,
    )
    path = f"{base}/instance/{made['id']}"

    def until(status):
        return wait(status, lambda: client.get(path), lambda found: found["status"] == status)

    seen["instance"] = described(until("ACTIVE"))
    seen["instances"] = [each["name"] for each in client.get(f"{base}/instance")]
    client.put(path, instanceName=wanted["other_name"])
    seen["renamed"] = client.get(path)["name"]
    seen["rescue"] = rescue(client, path, until)
    for verb, data, status in [
        ("reboot", {"type": "soft"}, "ACTIVE"),
        ("reboot", {"type": "hard"}, "ACTIVE"),
        ("stop", {}, "SHUTOFF"),
        ("start", {}, "ACTIVE"),
        ("reinstall", {"imageId": image["id"]}, "ACTIVE"),
    ]:
        client.post(f"{path}/{verb}", **data)
        until(status)

    client.delete(path)
    wait("gone", lambda: client.get(f"{base}/instance"), lambda found: not found)
    client.delete(f"{base}/sshkey/{key['id']}")
    seen["left"] = client.get(f"{base}/instance") + client.get(f"{base}/sshkey")
    return seen


def described(instance):
    return {
        "name": instance["name"],
        "region": instance["region"],
        "flavor": instance["flavor"]["name"],
        "image": instance["image"]["name"],
        "key": instance["sshKey"]["name"],
        "versions": sorted(address["version"] for address in instance["ipAddresses"]),
    }


def rescue(client, path, until):
    """What happens to the password."""
    password = client.post(f"{path}/rescueMode", rescue=True)["adminPassword"]
    there = until("RESCUE")
    client.post(f"{path}/rescueMode", rescue=False)
    after = until("ACTIVE")
    return {
        "password": bool(password),
        "shown while there": there.get("rescuePassword") == password,
        "shown afterwards": bool(after.get("rescuePassword")),
    }
