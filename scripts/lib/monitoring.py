"""What Prometheus needs to watch a network of scripts/cluster: `prometheus --config.file` on what is made here."""

import json
import shutil
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "k8s" / "monitoring"


def write(folder, addresses):
    """Configuration, rules and targets into `folder`; `addresses` are those of /metrics, a service each."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in ("prometheus.yml", "rules.yml"):
        shutil.copyfile(SOURCE / name, folder / name)
    targets = [{"targets": [address], "labels": {"service": service}} for service, address in addresses.items()]
    (folder / "targets.json").write_text(json.dumps(targets, indent=2) + "\n")


def command(folder):
    # Its own default for what it keeps is ./data, which is where scripts/run has the network.
    return f"prometheus --config.file={folder}/prometheus.yml --storage.tsdb.path={folder}/tsdb"
