// A service's configuration file: `key = value` lines and `#` comments. common/config reads the same.
import assert from 'node:assert/strict';

const COMMON = [
  'listen', 'metrics_listen', 'network', 'tls_dir', 'workers', 'queue_limit', 'reflection', 'log_level',
];
const STORE = ['redis_socket', 'redis_user', 'redis_password_file', 'storage_keys_file', 'shards'];
const KEYS = {
  identity: [...STORE, 'enrolment_listen', 'ca_cert_file', 'ca_key_file', 'genesis_file'],
  intake: [...STORE, 'identity_address', 'referral_address', 'messaging_address'],
  referral: [...STORE, 'identity_address', 'intake_address', 'geography_file'],
  messaging: [...STORE, 'identity_address', 'intake_address', 'data_dir'],
  audit: [
    'identity_address', 'intake_address', 'referral_address', 'messaging_address', 'data_dir',
    'log_key_file',
  ],
};

/** Returns the file's keys and values; throws on an unknown, missing or repeated key. */
export function parseConfig(service, text) {
  const config = new Map();
  for (const line of text.split('\n')) {
    if (!line.trim() || line.startsWith('#')) continue;
    const match = line.match(/^([a-z_]+) = (\S.*)$/);
    assert.ok(match, `${service}.conf: not a key and a value: ${line}`);
    assert.ok(!config.has(match[1]), `${service}.conf: ${match[1]} stands twice`);
    config.set(match[1], match[2]);
  }
  assert.deepEqual([...config.keys()].sort(), [...COMMON, ...KEYS[service]].sort(), `${service}.conf`);
  return config;
}
