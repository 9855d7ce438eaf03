#!/bin/sh
# Debian's Chromium, for the browser tests. Without it they say so and are skipped (in CI they fail).
set -e
if command -v chromium >/dev/null; then exit 0; fi
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
    echo "chromium not found: browser tests will be skipped (apt-get install chromium)" >&2
fi
