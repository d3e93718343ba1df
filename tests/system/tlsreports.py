"""
TLS reports for the tests of mta-sts report: those of the large senders, which
are in tlsrpt/, and others made to order.
"""

import json
from email import policy
from email.message import EmailMessage
from pathlib import Path

SAMPLES = Path(__file__).parent / "tlsrpt"
GOOGLE = (SAMPLES / "google.json").read_bytes()
NAME = "google.com!example.com!1795132800!1795219199!001.json.gz"


def report(domain="example.com", failures=(), good=1, **more):
    """A report's text; failures are (result type, sessions)."""
    return json.dumps({
        "organization-name": "Sender", "report-id": "1", "policies": [{
            "policy": {"policy-type": "sts", "policy-domain": domain},
            "summary": {
                "total-successful-session-count": good,
                "total-failure-session-count": sum(n for _, n in failures)},
            "failure-details": [
                {"result-type": name, "failed-session-count": count,
                 "receiving-mx-hostname": "mx.example.com"}
                for name, count in failures]}], **more})


def written(tmp_path, content, name="report.json"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes)
                     else content.encode())
    return path


def mail(part, subtype, name=None, report_type="tlsrpt", **encoding):
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = "Report Domain: example.com"
    message.set_content("This is an aggregate TLS report.")
    message.add_attachment(part, "application", subtype, filename=name,
                           **encoding)
    message.replace_header("Content-Type", "multipart/report; "
                           f'report-type="{report_type}"')
    message.set_boundary("=_b0")
    return bytes(message)
