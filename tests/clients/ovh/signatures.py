"""Signs requests with the vendor's own Python client: cases as JSON on stdin, signatures on stdout.

The client is asked to call; its transport keeps the request instead of sending it. What is taken
is the header that would have gone out, over the address and the body that would have gone out.
"""

import json
import sys
import time
import types

import ovh
import ovh.client

# the clock of this machine in a case; the client corrects it by the difference to the vendor's
LOCAL = 1_700_000_000


class Kept(Exception):
    """Carries the request that was not sent."""

    def __init__(self, method, url, headers, body):
        super().__init__(method)
        self.request = (method, url, headers, body)


class Transport:
    def request(self, method, url, headers, data, timeout):
        raise Kept(method, url, headers, data)


def body_writer(body):
    """The client writes JSON in one way only; a case may have been written in another."""
    if not body or json.dumps(json.loads(body), separators=(",", ":")) == body:
        return json
    return types.SimpleNamespace(dumps=lambda data, separators: body)


def parted(url):
    """The endpoint, which always ends in the first version, and the path to call."""
    if "/v2/" in url:
        base, path = url.split("/v2/", 1)
        return f"{base}/1.0", f"/v2/{path}"
    base, path = url.split("/1.0/", 1)
    return f"{base}/1.0", f"/{path}"


def sign(case):
    client = ovh.Client("ovh-eu", "an-application", case["application_secret"], case["consumer_key"])
    client._session = Transport()
    client._endpoint, path = parted(case["url"])
    client._time_delta = case["timestamp"] - LOCAL
    ovh.client.json = body_writer(case["body"])
    try:
        client.raw_call(case["method"], path, json.loads(case["body"]) if case["body"] else None)
    except Kept as kept:
        method, url, headers, body = kept.request
    sent = {"method": method, "url": url, "body": body, "timestamp": int(headers["X-Ovh-Timestamp"])}
    wanted = {name: case[name] for name in sent}
    if sent != wanted or headers["X-Ovh-Consumer"] != case["consumer_key"]:
        sys.exit(f"the client would have sent {sent} instead of {wanted}")
    return headers["X-Ovh-Signature"]


def main():
    # nobody's account may get in: the client also reads these
    ovh.config.CONFIG_PATH.clear()
    ovh.client.time = types.SimpleNamespace(time=lambda: LOCAL)
    json.dump([sign(case) for case in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
