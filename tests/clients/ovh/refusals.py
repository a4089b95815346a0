"""What is refused, and how; the clock; a token that ends."""

import sys

import ovh
from common import log_in, wait


def refused(call):
    """How a call is refused: what the client makes of it, and what the answer says."""
    try:
        call()
    except ovh.exceptions.APIError as error:
        answer = getattr(error, "response", None)
        if answer is None:
            return [type(error).__name__]
        if not error.query_id:
            sys.exit(f"an error without an id: {error}")
        return [type(error).__name__, answer.status_code, answer.json().get("errorCode")]
    sys.exit("it was not refused")


def refusals(access, wanted):
    def signed(path="/cloud/project", late=0, **other):
        client = log_in(access, "signature", **other)
        client._time_delta = client.time_delta + late
        return refused(lambda: client.get(path))

    reader = log_in(access, "signature", consumer_key=wanted["read_only"])
    [project] = reader.get("/cloud/project")
    keys = f"/cloud/project/{project}/sshkey"
    return {
        "wrong secret": signed(application_secret="wrong"),
        "unknown application": signed(application_key="unknown"),
        "unknown consumer key": signed(consumer_key="unknown"),
        "expired consumer key": signed(consumer_key=wanted["expired"]),
        "pending consumer key": signed(consumer_key=wanted["pending"]),
        "clock slow": signed(late=-120),
        "clock fast": signed(late=120),
        "not granted": refused(lambda: reader.post(keys, name="a", publicKey=wanted["public_key"])),
        "not ours": signed(f"/cloud/project/{'0' * 32}"),
        "no such instance": signed(f"/cloud/project/{project}/instance/none"),
        "no such vps": signed("/vps/vps-none.vps.ovh.net"),
        "no such dedicated": signed("/dedicated/server/ns0.ip-192-0-2.eu"),
        "suspended vps": signed(f"/vps/{wanted['suspended']}"),
        "wrong client secret": refused(lambda: log_in(access, "oauth2", client_secret="wrong").get("/vps")),
        "unknown client": refused(lambda: log_in(access, "oauth2", client_id="unknown").get("/vps")),
    }


def clock(access, wanted):
    """The difference that the client reads, and that it is believed with it."""
    client = log_in(access, "signature")
    projects = client.get("/cloud/project")
    return {"difference": client.time_delta, "projects": len(projects)}


def renewal(access, wanted):
    """Asks until the client has had to log in again."""
    client = log_in(access, "oauth2")
    client.get("/cloud/project")
    first = client._oauth2.token["access_token"]

    def look():
        try:
            client.get("/cloud/project")
        except ovh.exceptions.APIError as error:
            # the client counts from when it got the token, a moment after it was given
            if error.response is None or error.response.status_code != 401:
                raise
        return client._oauth2.token["access_token"]

    wait("renewed", look, lambda token: token != first)
    return {"renewed": True}
