"""
Two names of a host over HTTP/2 (mod_http2), on Apache all three ways, in a
virtual host of the customer's that answers 200 with a forged policy to whatever
reaches it. :authority counts before host, for the virtual host and the policy
alike, and nothing takes one of each.
"""

import os

import pytest

from customer import INVENTED_HOST, NAME, VICTIM_HOST
from hostedapache import WAYS, front_controller, host
from hostilecases import http2_outcome
from hostiletables import HOST, OTHER_A, OTHER_HOST, A, fields
from webservers import Apache

CASES = {
    "as it should be": (fields(A), "policy"),
    "host alone": (fields(HOST), "policy"),
    "both": (fields(A, HOST), "policy"),
    "another": (fields(OTHER_A), "404"),
    "another host": (fields(OTHER_HOST), "404"),
    ":authority before host": (fields(A, OTHER_HOST), "policy"),
    "the other :authority before host": (fields(OTHER_A, HOST), "404"),
    "the customer's :authority": (
        fields((":authority", NAME), HOST), "404"),
    "the customer's host": (fields(A, ("host", NAME)), "policy"),
    "two :authority": (fields(A, OTHER_A), "reset"),
    "the same :authority twice": (fields(A, A), "reset"),
    "two host": (fields(A, HOST, OTHER_HOST), "reset"),
    "two host, no :authority": (fields(HOST, OTHER_HOST), "reset"),
    "neither": (fields(), "reset"),
    "empty": (fields((":authority", "")), "reset"),
    "empty beside host": (fields((":authority", ""), HOST), "reset"),
    "a slash": (fields((":authority", VICTIM_HOST + "/x")), "reset"),
    "a user": (fields((":authority", "x@" + VICTIM_HOST)), "400"),
    "NUL": (fields((":authority", VICTIM_HOST + "\0")), "reset"),
    "upper case": (fields((":authority", VICTIM_HOST.upper())), "policy"),
    "Host": (fields(A, ("Host", INVENTED_HOST)), "reset"),
    "a line end": (fields(A, ("x-a", "b\r\nhost: " + INVENTED_HOST)), "reset"),
    "a whole URL": (fields(A, path=f"https://{INVENTED_HOST}/"), "reset"),
    "no path": (fields(A, path=""), "reset"),
    "CONNECT": (fields(A, method="CONNECT"), "reset"),
    "a small method": (fields(A, method="get"), "405"),
    "chunks": (fields(A, ("transfer-encoding", "chunked")), "reset"),
    "beside it": (fields(A, path="/own"), "his"),
}


def with_http2(way):
    """That way, without TLS: h2c, by prior knowledge."""

    class Http2(way):
        MORE = (*way.MORE, "http2")
        directives = way.directives + "\nProtocols h2c http/1.1"
    return Http2


@pytest.fixture(scope="module", params=WAYS)
def server(request):
    if not os.path.exists(f"{Apache.MODULES}/mod_http2.so"):
        pytest.skip("mod_http2 is not installed")
    for it in host(with_http2(request.param)):
        front_controller(it)
        yield it


@pytest.mark.parametrize("name", CASES)
def test_names(server, name):
    sent, expected = CASES[name]
    assert http2_outcome(server, sent) == expected
