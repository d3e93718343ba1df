"""
The internet in a bottle: a namespace, a certification authority, a DNS, and the
policy hosts of a site, each of them real. What is served there and who asks for
it is the tests' part.
"""

from contextlib import ExitStack

from harness import Site
from lab import namespace, policyhost, sender, zone
from lab.authority import Authority
from lab.policyhost import PolicyHost
from lab.zone import ADDRESS, Zone

# The policy hosts have an address each; it is the same one.
SETTINGS = f'dns = {{ addresses = [ "{ADDRESS}" ]; ttl = 300; }};\n'


def why_not():
    """Why there can be none here, or None."""
    needed = {"named, nsupdate and dig": zone.available,
              "lighttpd and lighttpd-mod-openssl": policyhost.available,
              "postfix-mta-sts-resolver": sender.available}
    missing = [name for name, there in needed.items() if not there()]
    if missing:
        return f"{', '.join(missing)} not installed: make deps"
    return namespace.why_not()


class Internet:
    """
    Its parts: site, authority, zone, web, and a directory for what more a test
    needs. policies: the files by domain; odd: see PolicyHost, a function that
    gets the authority.
    """

    def __init__(self, policies, odd=lambda _: (), settings="", web=PolicyHost):
        self._policies, self._odd, self._web = policies, odd, web
        self._settings = SETTINGS + settings
        self._stack = ExitStack()

    def __enter__(self):
        with ExitStack() as stack:
            self.directory = stack.enter_context(namespace.workplace())
            self.authority = Authority(self.directory / "authority")
            self.site = stack.enter_context(Site())
            self.site.configure(self._settings)
            for domain, text in self._policies.items():
                self.site.write(domain, text)
            (self.directory / "zones").mkdir()
            self.zone = stack.enter_context(Zone(self.directory / "zones"))
            self.web = stack.enter_context(self._serve())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc):
        return self._stack.__exit__(*exc)

    def _serve(self):
        odd = self._odd(self.authority)
        names = {f"mta-sts.{domain}" for domain in self._policies}
        names |= {"mta-sts.example.com", *(host for host, _ in odd)}
        return self._web(self.site, self.authority,
                         self.authority.issue("hosts", sorted(names)), odd)
