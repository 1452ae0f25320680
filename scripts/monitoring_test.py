#!/usr/bin/env python3
"""Tests of what scripts/cluster writes for Prometheus: a real one, started by it, reads every service."""

import http.server
import json
import shlex
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
import amana_cluster  # noqa: E402
import monitoring  # noqa: E402

START_S = 30


class OneMetric(http.server.BaseHTTPRequestHandler):
    """Stands for a service."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"amana_build_info 1\n")

    def log_message(self, *_):
        pass


class MonitoringTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "monitoring"
        self.addresses = {service: self.serve() for service in amana_cluster.SERVICES}
        monitoring.write(self.folder, self.addresses)

    def serve(self):
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), OneMetric)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"127.0.0.1:{server.server_address[1]}"

    def start_prometheus(self):
        address = f"127.0.0.1:{amana_cluster.free_ports(1)[0]}"
        command = [*shlex.split(monitoring.command(self.folder)), f"--web.listen-address={address}"]
        # Whatever it keeps must not lie where it was started.
        elsewhere = tempfile.TemporaryDirectory()
        self.addCleanup(elsewhere.cleanup)
        prometheus = subprocess.Popen(command, cwd=elsewhere.name, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (prometheus.kill(), prometheus.wait()))
        return f"http://{address}/api/v1/", Path(elsewhere.name)

    def ask(self, url):
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)["data"]

    def test_promtool_finds_nothing_wrong(self):
        checked = subprocess.run(["promtool", "check", "config", self.folder / "prometheus.yml"],
                                 capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_prometheus_reads_every_service_and_the_rules(self):
        api, elsewhere = self.start_prometheus()
        end, up = time.monotonic() + START_S, {}
        while len(up) < len(self.addresses) and time.monotonic() < end:
            time.sleep(0.2)
            try:
                targets = self.ask(api + "targets")["activeTargets"]
            except OSError:
                continue
            up = {target["labels"]["service"]: target["labels"]["instance"]
                  for target in targets if target["health"] == "up"}
        self.assertEqual(up, self.addresses)
        groups = [group["name"] for group in self.ask(api + "rules")["groups"]]
        self.assertIn("amana-services", groups)
        self.assertEqual(list(elsewhere.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
