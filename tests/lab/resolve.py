#!/usr/bin/python3
"""
Asks the resolver of postfix-mta-sts-resolver, Debian's own module: a line of
JSON in, [domain, id known so far or null], gives a line out, [what became of
it, id, policy]. Its warnings go to stderr; its argument is the seconds that a
request may take. Is started by sender.py, which gives it a DNS and trust.
"""

import asyncio
import json
import logging
import sys

from postfix_mta_sts_resolver.resolver import STSResolver


async def answer(resolver):
    for line in sys.stdin:
        result, found = await resolver.resolve(*json.loads(line))
        print(json.dumps([result.name, *(found or (None, None))]), flush=True)


def main():
    logging.basicConfig(stream=sys.stderr)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(answer(STSResolver(
        timeout=int(sys.argv[1]), loop=loop)))


main()
