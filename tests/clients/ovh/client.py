"""Sessions with OVHcloud's own Python client.

What to do comes as JSON on stdin, with the secrets; what was seen goes as JSON to stdout.
"""

import json
import sys

import ovh.config
from cloud import cloud
from common import log_in
from refusals import clock, refusals, renewal
from rented import dedicated, vps

# of one client that is logged in
SESSIONS = {"cloud": cloud, "vps": vps, "dedicated": dedicated}
# about logging in
OTHERS = {"refusals": refusals, "clock": clock, "renewal": renewal}


def main():
    # nobody's account may get in: the client also reads files
    ovh.config.CONFIG_PATH.clear()
    told = json.load(sys.stdin)
    access, session, wanted = told["access"], told["session"], told["wanted"]
    if session in SESSIONS:
        seen = SESSIONS[session](log_in(access, told["login"]), wanted)
    else:
        seen = OTHERS[session](access, wanted)
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
