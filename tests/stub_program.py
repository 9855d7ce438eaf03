"""A program with an admin server, for tests of what starts and watches programs.

stub_program.py PORT [--not-ready] [--deaf] [--fails SENTENCE] [--says LINE]
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--not-ready", action="store_true")
    parser.add_argument("--deaf", action="store_true", help="does not end when asked to")
    parser.add_argument("--fails")
    parser.add_argument("--says", default="")
    given = parser.parse_args()
    if given.fails is not None:
        sys.exit(f"chatcluster: {given.fails}")
    print(f'{{"level": "info", "event": "started", "pid": {os.getpid()}}}', flush=True)
    if given.says:
        print(given.says, flush=True)
    ignore = signal.SIG_IGN if given.deaf else lambda number, frame: os._exit(0)
    signal.signal(signal.SIGTERM, ignore)
    HTTPServer(("127.0.0.1", given.port), handler(503 if given.not_ready else 200)).serve_forever()


def handler(status: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


if __name__ == "__main__":
    main()
