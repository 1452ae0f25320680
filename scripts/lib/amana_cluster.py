"""A whole Amana network on one machine: Redis, the five services, and client homes.

Used by scripts/cluster (and so by scripts/run) and by the tests that need real binaries. Everything
lives below one folder; nothing listens on anything but loopback.

    network/    root key, CA, genesis, log key (made once by `amana network init`)
    services/   one folder a service: configuration, TLS, storage keys, data
    redis/      the private Redis: configuration, users, append-only file
    directory/  the generated directory
    devices/    one home a client device (`amana --home`)
    monitoring/ what Prometheus needs to watch it (monitoring.py)
    run/        ports, process ids and logs; a file run/hold/<name> keeps that process from being
                started again, for tests that need it gone
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import folder_lock
import monitoring

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("identity", "intake", "referral", "messaging", "audit")
# Who calls whom, besides everyone calling identity to learn who a caller is.
PEERS = {
    "identity": (),
    "intake": ("identity", "referral", "messaging"),
    "referral": ("identity", "intake"),
    "messaging": ("identity", "intake"),
    "audit": ("identity", "intake", "referral", "messaging"),
}
WITH_REDIS = ("identity", "intake", "referral", "messaging")
# Each service reaches its own keys, and no command that shows or drops others' (KEYS, FLUSHALL).
REDIS_PERMISSIONS = (
    "+auth +ping +get +mget +getrange +set +del +xadd +xrange +xtrim +xlen +zadd +zrem "
    "+zrangebyscore +zrevrangebyscore +rpush +lrange +llen +fcall +function|list +function|load"
)
FOLDERS = ("network", "services", "redis", "devices", "run")
START_TIMEOUT_S = 30
RESTART_DELAY_S = 0.2
# Certificates last 24 h. A device's is renewed in its last 8 h only: asked at this rhythm none ends.
RENEW_EVERY_S = 6 * 3600
# A renewal that failed is tried again this often.
RENEW_CHECK_S = 60


class ClusterError(RuntimeError):
    """Something that a person must read; its text is a whole sentence."""


def write_private(path, text):
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def free_ports(count):
    """Ports nobody listens on now, all held until all are chosen."""
    with contextlib.ExitStack() as stack:
        ports = []
        for _ in range(count):
            probe = stack.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
        return ports


class Process:
    """One supervised program: started again when it dies, until it is stopped."""

    def __init__(self, name, command, log_path, ready, lock, before=None):
        self.name = name
        self.command = [str(part) for part in command]
        # A command that must have succeeded before each start.
        self.before = before and [str(part) for part in before]
        self.log_path = log_path
        self.ready = ready
        # It holds the folder too (folder_lock.py).
        self.inherited = [lock.fileno()]
        self.supervised = True
        self.stopping = False
        self.restarts = 0
        self.popen = None

    def start(self):
        self.stopping = False
        with open(self.log_path, "ab") as log:
            if self.before:
                subprocess.run(self.before, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True,
                               pass_fds=self.inherited)
            self.popen = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          start_new_session=True, pass_fds=self.inherited)

    def running(self):
        return self.popen is not None and self.popen.poll() is None

    def wait_ready(self, timeout_s=START_TIMEOUT_S):
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if not self.supervised and not self.running():
                break
            if self.ready():
                return
            time.sleep(0.02)
        raise ClusterError(f"{self.name} did not become ready; its log is {self.log_path}.")

    def kill(self, sig=signal.SIGKILL):
        if self.running():
            self.popen.send_signal(sig)
            if sig == signal.SIGKILL:
                self.popen.wait()

    def stop(self, timeout_s=35):
        self.stopping = True
        if not self.running():
            return
        self.popen.terminate()
        try:
            self.popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


class Cluster:
    """Not thread-safe but for its own threads; one owner starts and stops it."""

    def __init__(self, data, build=None, network="demo.amana", overrides=None):
        self.data = Path(data).resolve()
        self.bin = Path(build or os.environ.get("AMANA_BUILD") or ROOT / "build").resolve() / "bin"
        self.network = network
        # Extra configuration lines, {service: {key: value}}: what a test needs shorter or smaller.
        self.overrides = overrides or {}
        self.processes = {}
        self._closing = threading.Event()
        self._threads = []
        self._renewed = 0
        self._lock = None

    # -- paths -----------------------------------------------------------------------------------

    def service_dir(self, service):
        return self.data / "services" / service

    def home(self, device):
        return self.data / "devices" / device

    @property
    def client_config(self):
        return self.data / "network" / "client.conf"

    @property
    def redis_socket(self):
        path = self.data / "redis" / "redis.sock"
        if len(str(path)) < 100:
            return path
        # A Unix socket's path holds 107 bytes.
        short = Path(tempfile.gettempdir()) / f"amana-{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
        short.mkdir(mode=0o700, exist_ok=True)
        return short / "redis.sock"

    # -- making ----------------------------------------------------------------------------------

    def lock(self):
        """One cluster a folder: two would fight for its Redis."""
        self._refuse_anything_else()
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.data / "lock"
        try:
            self._lock = folder_lock.take(path)
        except OSError as error:
            raise ClusterError(folder_lock.refusal(path)) from error

    def _refuse_anything_else(self):
        """What is here may be deleted by a slip of the hand; what is somebody's own must not be."""
        ours = any((self.data / mark).exists() for mark in ("network/genesis.pb", "run/ports.json"))
        if ours or not self.data.exists():
            return
        if not self.data.is_dir() or not all(self._is_nothing_yet(path) for path in self.data.iterdir()):
            raise ClusterError(f"{self.data} holds something else than an Amana network; "
                               "name an empty folder or one that is not there yet.")

    def _is_nothing_yet(self, path):
        """Left by a start that was ended before it had made anything."""
        return path.name == "lock" or (path.name in FOLDERS and path.is_dir() and not any(path.iterdir()))

    def make(self):
        """Makes what is missing; keeps what is there."""
        for folder in FOLDERS:
            (self.data / folder).mkdir(mode=0o700, exist_ok=True)
        self.ports = self._ports()
        self._write_client_config()
        if not (self.data / "network" / "genesis.pb").exists():
            # What an interrupted start left opens nothing without it.
            shutil.rmtree(self.home("administrator"), ignore_errors=True)
            self.choose_passphrase("administrator")
            self._run("network", "init", "--dir", self.data / "network", "--network", self.network,
                      "--administrator-home", self.home("administrator"), "--client-config", self.client_config)
        self.renew_certificates()
        if not (self.data / "directory" / "geography.json").exists():
            self._generate_directory()
        self._write_redis()
        for service in SERVICES:
            self._write_service(service)
        monitoring.write(self.data / "monitoring",
                         {service: self.address(f"{service}-metrics") for service in SERVICES})

    def renew_certificates(self):
        """New ones for the services, which read them by themselves; for a device where its own ends soon."""
        self._run("network", "issue-service-certificates", "--dir", self.data / "network",
                  "--out", self.data / "services", *SERVICES)
        # A device renews its own, but only while it is used.
        enrolled = sorted(mark.parent.name for mark in (self.data / "devices").glob("*/enrolled"))
        for device in ("administrator", *enrolled):
            self._run("network", "reissue-device-certificate", "--dir", self.data / "network",
                      "--home", self.home(device))
        # By the clock on the wall, which goes on while the machine sleeps.
        self._renewed = time.time()

    def choose_passphrase(self, device):
        """A throw-away network has no one to type one: it lies beside the vault it opens."""
        path = self.home(device) / "passphrase"
        if not path.exists():
            write_private(path, secrets.token_hex(16) + "\n")

    def _generate_directory(self):
        command = [ROOT / "scripts" / "make-directory", "--out", self.data / "directory",
                   "--as-of", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())]
        made = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if made.returncode != 0:
            raise ClusterError(made.stderr.strip())

    def _ports(self):
        path = self.data / "run" / "ports.json"
        if path.exists():
            return json.loads(path.read_text())
        names = [f"{service}{suffix}" for service in SERVICES for suffix in ("", "-metrics")] + ["enrolment"]
        ports = dict(zip(names, free_ports(len(names))))
        self._write_whole(path, json.dumps(ports))
        return ports

    def address(self, name):
        return f"127.0.0.1:{self.ports[name]}"

    def _write_client_config(self):
        lines = [f"network = {self.network}"]
        lines += [f"{service}_address = {self.address(service)}" for service in SERVICES]
        lines += [f"enrolment_address = {self.address('enrolment')}", f"ca_file = {self.data}/network/ca.pem",
                  f"genesis_file = {self.data}/network/genesis.pb", f"log_key_file = {self.data}/network/log.vkey"]
        self.client_config.write_text("\n".join(lines) + "\n")

    def _write_redis(self):
        redis = self.data / "redis"
        # Nobody can log in as it, but Redis replays its append-only file in its name: without these
        # rights it drops every transaction at the next start, and says so only in its log.
        users = ["user default off ~* &* +@all"]
        for service in WITH_REDIS:
            password = self.service_dir(service) / "redis.password"
            if not password.exists():
                write_private(password, secrets.token_hex(32) + "\n")
            users.append(f"user {service} on >{password.read_text().strip()} resetkeys ~{service}:* "
                         f"resetchannels -@all {REDIS_PERMISSIONS}")
        write_private(redis / "users.acl", "\n".join(users) + "\n")
        write_private(redis / "redis.conf", "\n".join([
            "port 0", f"unixsocket {self.redis_socket}", "unixsocketperm 700", f"dir {redis}",
            "appendonly yes", "appendfsync always", "no-appendfsync-on-rewrite no", 'save ""',
            "rdbcompression no", "auto-aof-rewrite-min-size 256mb", "aof-load-truncated yes",
            f"aclfile {redis}/users.acl", "maxmemory-policy noeviction", "loglevel notice", "daemonize no"]) + "\n")

    def _write_service(self, service):
        folder = self.service_dir(service)
        settings = {
            "network": self.network,
            "listen": self.address(service),
            "metrics_listen": self.address(f"{service}-metrics"),
            "tls_dir": folder / "tls",
        }
        if service in WITH_REDIS:
            keys = folder / "storage.keys"
            if not keys.exists():
                write_private(keys, f"1 {secrets.token_hex(32)}\n")
            settings |= {
                "redis_socket": self.redis_socket,
                "redis_user": service,
                "redis_password_file": folder / "redis.password",
                "storage_keys_file": keys,
            }
        for peer in PEERS[service]:
            settings[f"{peer}_address"] = self.address(peer)
        network = self.data / "network"
        if service == "identity":
            settings |= {
                "enrolment_listen": self.address("enrolment"),
                "ca_cert_file": network / "ca.pem",
                "ca_key_file": network / "ca.key",
                "genesis_file": network / "genesis.pb",
            }
        if service == "referral":
            settings["geography_file"] = self.data / "directory" / "geography.json"
        if service in ("messaging", "audit"):
            settings["data_dir"] = folder / "data"
            (folder / "data").mkdir(mode=0o700, exist_ok=True)
        if service == "audit":
            settings["log_key_file"] = network / "log.key"
        settings |= self.overrides.get(service, {})
        write_private(folder / "service.conf", "".join(f"{key} = {value}\n" for key, value in settings.items()))

    def _run(self, *arguments):
        command = [str(self.bin / "amana"), *[str(argument) for argument in arguments]]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise ClusterError(f"amana {arguments[0]} {arguments[1]} failed: {done.stderr.strip()}")
        return done.stdout

    # -- running ---------------------------------------------------------------------------------

    def start(self):
        redis_conf = self.data / "redis" / "redis.conf"
        redis = Process("redis", ["redis-server", redis_conf], self.data / "run" / "redis.log", self._redis_answers,
                        self._lock, before=[ROOT / "k8s" / "base" / "config" / "settle-redis.sh", redis_conf])
        self.processes["redis"] = redis
        redis.start()
        redis.wait_ready()
        for service in SERVICES:
            process = Process(service, [self.bin / f"amana-{service}", "--config",
                                        self.service_dir(service) / "service.conf"],
                              self.data / "run" / f"{service}.log", lambda s=service: self.is_ready(s),
                              self._lock)
            self.processes[service] = process
            process.start()
        shutil.rmtree(self.data / "run" / "hold", ignore_errors=True)
        self._write_pids()
        for process in self.processes.values():
            process.wait_ready()
        for work in (self._supervise, self._keep_certificates_fresh):
            self._threads.append(threading.Thread(target=work, daemon=True))
            self._threads[-1].start()
        return self

    def _supervise(self):
        while not self._closing.wait(0.05):
            for process in self.processes.values():
                if process.supervised and not process.stopping and not process.running() and not self._held(process):
                    time.sleep(RESTART_DELAY_S)
                    if not self._closing.is_set():
                        process.restarts += 1
                        process.start()
                        self._write_pids()

    def _keep_certificates_fresh(self):
        while not self._closing.wait(RENEW_CHECK_S):
            if time.time() - self._renewed < RENEW_EVERY_S:
                continue
            try:
                self.renew_certificates()
            except (ClusterError, OSError) as error:
                print(f"Certificates were not renewed; it is tried again. {error}", file=sys.stderr, flush=True)

    def _held(self, process):
        return (self.data / "run" / "hold" / process.name).exists()

    def _write_pids(self):
        """Who is running now; replaced as a whole, so that a reader never sees half of it."""
        path = self.data / "run" / "pids.json"
        self._write_whole(path, json.dumps({name: process.popen.pid for name, process in self.processes.items()}))

    @staticmethod
    def _write_whole(path, text):
        temporary = path.with_suffix(".new")
        temporary.write_text(text)
        temporary.replace(path)

    def _redis_answers(self):
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(1)
                probe.connect(str(self.redis_socket))
                probe.sendall(b"PING\r\n")
                # Without a password it may only say that one is needed: it is up all the same.
                return probe.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

    def scrape(self, service, path="/metrics"):
        url = f"http://{self.address(service + '-metrics')}{path}"
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.read().decode()

    def is_ready(self, service):
        try:
            self.scrape(service, "/readyz")
            return True
        except (OSError, urllib.error.URLError):
            return False

    def stop(self):
        self._closing.set()
        for thread in self._threads:
            thread.join()
        for name in reversed(list(self.processes)):
            self.processes[name].stop()

    def destroy(self):
        """Forgets all; the folder stays if somebody laid something of his own there."""
        self.forget()
        (self.data / "lock").unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.data.rmdir()

    def forget(self):
        """Begins from nothing in the same folder: all but the lock that is held goes."""
        # The folder with the mark last: what was interrupted here can be done again.
        for folder in ("network", "services", "redis", "directory", "devices", "monitoring", "run"):
            shutil.rmtree(self.data / folder, ignore_errors=True)

    # -- clients ---------------------------------------------------------------------------------

    def amana(self, device, *arguments, check=True, timeout_s=60):
        """Runs the CLI as a device; returns its JSON, or the failed process with check=False."""
        command = [str(self.bin / "amana"), "--home", str(self.home(device)), "--json",
                   *[str(argument) for argument in arguments]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s)
        if done.returncode != 0:
            if not check:
                return done
            raise ClusterError(f"amana {' '.join(map(str, arguments[:2]))} as {device}: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else {}
