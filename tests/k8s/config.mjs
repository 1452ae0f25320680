// A service's configuration file: `key = value` lines and `#` comments. Whether the service knows the keys is
// asked of the service itself (tests/service/k8s_config_test.py).
import assert from 'node:assert/strict';

/** Returns the file's keys and values. */
export function parseConfig(service, text) {
  const config = new Map();
  for (const line of text.split('\n')) {
    if (!line.trim() || line.startsWith('#')) continue;
    const match = line.match(/^([a-z_]+) = (\S.*)$/);
    assert.ok(match, `${service}.conf: not a key and a value: ${line}`);
    config.set(match[1], match[2]);
  }
  return config;
}
