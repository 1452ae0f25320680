#!/usr/bin/env python3
"""Certificates end while a network runs: new ones come in time, and nobody has to be started again."""

import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "lib"))
import amana_cluster  # noqa: E402
import walk  # noqa: E402

# Reading new files takes a service a second.
RENEWED_S = 20


class CertificatesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="amana-test-")
        self.addCleanup(folder.cleanup)
        self.renew_every(3600)
        self.enterContext(mock.patch.object(amana_cluster, "RENEW_CHECK_S", 0.1))
        self.cluster = amana_cluster.Cluster(Path(folder.name) / "network")
        self.cluster.lock()
        self.cluster.make()
        self.addCleanup(self.cluster.stop)

    def renew_every(self, seconds):
        self.enterContext(mock.patch.object(amana_cluster, "RENEW_EVERY_S", seconds))

    def give_one_that_ended(self, service):
        """Its own once more, for no time at all."""
        network, tls = self.cluster.data / "network", self.cluster.service_dir(service) / "tls"
        request, names = tls / "request", tls / "names"
        names.write_text(f"subjectAltName=URI:spiffe://{self.cluster.network}/service/{service}\n")
        for command in (["req", "-new", "-key", tls / "key.pem", "-subj", f"/CN={service}", "-out", request],
                        ["x509", "-req", "-in", request, "-CA", network / "ca.pem", "-CAkey", network / "ca.key",
                         "-set_serial", "1", "-days", "0", "-extfile", names, "-out", tls / "cert.pem"]):
            subprocess.run(["openssl", *command], check=True, capture_output=True)

    def served(self, service):
        """The certificate that a client is shown."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        host, port = self.cluster.address(service).split(":")
        with socket.create_connection((host, port), 5) as plain, context.wrap_socket(plain) as connection:
            return ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True))

    def on_disk(self, service):
        return (self.cluster.service_dir(service) / "tls" / "cert.pem").read_text()

    def wait_for_new_ones(self, before):
        end = time.monotonic() + RENEWED_S
        while time.monotonic() < end:
            time.sleep(0.1)
            if all(self.on_disk(service) != before[service] and self.served(service) == self.on_disk(service)
                   for service in amana_cluster.SERVICES):
                return
        raise AssertionError("not every service shows a new certificate")

    def test_a_network_whose_certificates_ended_works_again_by_itself(self):
        for service in amana_cluster.SERVICES:
            self.give_one_that_ended(service)
        self.cluster.start()
        before = {service: self.served(service) for service in amana_cluster.SERVICES}
        refused = self.cluster.amana("administrator", "org", "list", check=False)
        self.assertNotIsInstance(refused, dict, "it works with certificates that ended")
        self.renew_every(0)
        self.wait_for_new_ones(before)
        self.renew_every(3600)
        self.assertTrue(walk.run(self.cluster))
        self.assertEqual({p.restarts for p in self.cluster.processes.values()}, {0})


if __name__ == "__main__":
    unittest.main()
