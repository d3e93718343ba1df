"""
CGI as a web server speaks it (RFC 3875): the variables of a request, the
program run with them, and its answer taken apart. The answer's form is that of
FastCGI too. Named like a module of Python's that nothing here uses.
"""

import subprocess
from dataclasses import dataclass

from harness import PATH, PROGRAM, complain, environment

# The reason phrases of every status that the responder has.
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found",
           405: "Method Not Allowed", 500: "Internal Server Error",
           503: "Service Unavailable"}


@dataclass
class Answer:
    """An answer taken apart; headers without Status, as (name, value)."""
    status: int
    headers: list
    body: bytes
    raw: bytes
    log: str = ""
    code: int = 0


def variables(host="mta-sts.example.com", method="GET", uri=PATH, **more):
    """
    What a web server tells of a request. A value of None leaves a variable
    out; values are strings or bytes.
    """
    values = {"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1",
              "SERVER_SOFTWARE": "test", "QUERY_STRING": "",
              "REQUEST_METHOD": method, "REQUEST_URI": uri,
              "SCRIPT_NAME": PATH, "HTTP_HOST": host, **more}
    return {name: value.encode() if isinstance(value, str) else value
            for name, value in values.items() if value is not None}


def parse(raw):
    """Takes an answer apart; an AssertionError says where it has no form."""
    head, blank, body = raw.partition(b"\r\n\r\n")
    assert blank, f"no blank line: {raw[:200]!r}"
    assert b"\n" not in head.replace(b"\r\n", b""), f"bare LF: {head!r}"
    headers = []
    for line in head.decode("ascii").split("\r\n"):
        name, colon, value = line.partition(": ")
        assert colon and value == value.strip(), f"no header: {line!r}"
        headers.append((name, value))
    name, status = headers.pop(0)
    code, _, reason = status.partition(" ")
    assert name == "Status" and REASONS[int(code)] == reason, status
    return Answer(int(code), headers, body, raw)


def expected_headers(status, length):
    """The exact headers of a status, for a body of that length, sorted."""
    more = {405: [("Allow", "GET, HEAD")], 503: [("Retry-After", "300")]}
    return sorted([("Content-Type", "text/plain"),
                   ("Cache-Control", "no-cache"),
                   ("X-Content-Type-Options", "nosniff"),
                   ("Content-Length", str(length)), *more.get(status, [])])


def check(answer, status, body=None, head=False):
    """
    Whether an answer is, to the byte, what it should be: status, headers, and
    the policy, or the status alone where there is none.
    """
    if body is None:
        assert status != 200, "a policy is expected: which?"
        body = f"{status} {REASONS[status]}\r\n".encode()
    assert answer.status == status, answer
    assert sorted(answer.headers) == expected_headers(status, len(body))
    assert answer.body == (b"" if head else body)


def run(site, values=None, args=(), prefix=(), stdin=b"", preexec=None):
    """Runs the program as CGI, with a pipe for its input."""
    env = environment({"MTA_STS_CONF": str(site.settings)})
    env = {name.encode(): value.encode(errors="surrogateescape")
           for name, value in env.items()}
    env.update((name.encode(), value)
               for name, value in (values or variables()).items())
    done = subprocess.run([*prefix, str(PROGRAM), *args], env=env,
                          input=stdin, capture_output=True, timeout=30,
                          preexec_fn=preexec, check=False)
    log = done.stderr.decode(errors="backslashreplace")
    complain(log)
    assert done.stdout, f"no answer, exit code {done.returncode}: {log}"
    answer = parse(done.stdout)
    answer.log, answer.code = log, done.returncode
    return answer
