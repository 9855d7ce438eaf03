#!/bin/sh
# The Node peers that the tests talk to. Without Node the tests that need it say so and are skipped (in CI they fail).
set -e
cd "$(dirname "$0")"
if ! command -v npm >/dev/null; then
    echo "npm not found: tests with Node's Socket.IO will be skipped (install Node.js 20 or newer)" >&2
    exit 0
fi
npm ci --no-audit --no-fund --loglevel=error
