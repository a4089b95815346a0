"""What the sessions share: logging in, waiting, and finding one thing among many."""

import sys
import time

import ovh
import ovh.client

PATIENCE = 60
PAUSE = 0.05
ENDPOINT = "ovh-eu"


def log_in(access, how, **other):
    """A client of the sandbox; the endpoints that the client knows by name are the vendor's."""
    ovh.client.ENDPOINTS[ENDPOINT] = access["endpoint"]
    ovh.client.OAUTH2_TOKEN_URLS[ENDPOINT] = access["token_url"]
    names = {
        "signature": ("application_key", "application_secret", "consumer_key"),
        "oauth2": ("client_id", "client_secret"),
    }[how]
    secrets = {name: access[name] for name in names} | other
    return ovh.Client(ENDPOINT, timeout=30, **secrets)


def wait(what, look, fits):
    """Looks until it fits."""
    until = time.monotonic() + PATIENCE
    while True:
        found = look()
        if fits(found):
            return found
        if time.monotonic() > until:
            sys.exit(f"never {what}: {found}")
        time.sleep(PAUSE)


def only(things, **what):
    """The one thing with these fields."""
    fits = [each for each in things if what.items() <= each.items()]
    if len(fits) != 1:
        sys.exit(f"{what} is there {len(fits)} times among {len(things)}")
    return fits[0]


def some(thing, *names):
    return {name: thing[name] for name in names}
