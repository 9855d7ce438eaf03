"""How requests to a hook are signed."""

from __future__ import annotations

import base64

import pytest

from chat_gateway.access import signing
from chatcluster.core.errors import MalformedError


def test_a_request_is_signed_as_standard_webhooks_has_it():
    """The example of the specification's libraries."""
    key = signing.secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signing.headers(
        key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("prefix", ["", "whsec_"])
@pytest.mark.parametrize("size", [24, 64])
def test_a_secret_is_base64(prefix, size):
    key = bytes(range(size))
    assert signing.secret(f"{prefix}{base64.b64encode(key).decode()}\n") == key


@pytest.mark.parametrize(
    "text",
    ["", "whsec_", "not base64!", "a" * 8, base64.b64encode(bytes(23)).decode(), "A" * 88],
)
def test_what_is_no_secret_is_refused_without_being_quoted(text):
    with pytest.raises(MalformedError) as refused:
        signing.secret(text)
    assert not text or text not in str(refused.value)
