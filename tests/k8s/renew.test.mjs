// k8s/renew-certificates gives every service the Secret that its pods mount. Both programs it calls are stood in for:
// amana writes three files a service, and a kubectl that would change a cluster keeps what it was given.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import yaml from 'js-yaml';
import {render, root} from './rendering.mjs';

const AMANA = `#!/bin/sh
[ "$1 $2 $3 $4 $5" = "network issue-service-certificates --dir the-network --out" ] || exit 1
out=$6 && shift 6
echo "$out" >"$FOLDER/made"
for service; do
  mkdir -p "$out/$service/tls-1" && ln -s tls-1 "$out/$service/tls"
  for file in ca cert key; do echo "$file of $service" >"$out/$service/tls/$file.pem"; done
done
`;
const KUBECTL = `#!/bin/sh
case "$*" in
  *--dry-run=client*) PATH=$REAL_PATH exec "${root}scripts/checks/kubectl" "$@" ;;
  *) cat >"$(mktemp "$FOLDER/applied-XXXXXX")" ;;
esac
`;

const folder = mkdtempSync(join(tmpdir(), 'amana-renew-'));
after(() => rmSync(folder, {recursive: true}));
for (const [name, text] of [['amana', AMANA], ['kubectl', KUBECTL]]) {
  writeFileSync(join(folder, name), text, {mode: 0o755});
}
execFileSync(`${root}k8s/renew-certificates`, ['the-network'],
    {env: {...process.env, FOLDER: folder, REAL_PATH: process.env.PATH, PATH: `${folder}:${process.env.PATH}`}});
const applied = readdirSync(folder).filter((name) => name.startsWith('applied-'))
    .map((name) => yaml.load(readFileSync(join(folder, name), 'utf8')));

test('every TLS Secret that a pod mounts is renewed, with the keys that it mounts', () => {
  const mounted = render()
      .flatMap((o) => o.spec?.template?.spec.volumes ?? [])
      .flatMap((volume) => volume.projected?.sources ?? [])
      .filter(({secret}) => secret?.name.endsWith('-tls'))
      .map(({secret}) => [secret.name, secret.items.map(({key}) => key).sort()]);
  const renewed = applied.map(({metadata, data}) => [metadata.name, Object.keys(data).sort()]);
  assert.equal(mounted.length, 5);
  assert.deepEqual(renewed.sort(), mounted.sort());
});

test('each gets its own, in the namespace', () => {
  for (const {kind, metadata, data} of applied) {
    assert.deepEqual([kind, metadata.namespace], ['Secret', 'amana']);
    const service = metadata.name.slice('amana-'.length, -'-tls'.length);
    assert.equal(Buffer.from(data['key.pem'], 'base64').toString(), `key of ${service}\n`);
  }
});

test('no key is left behind', () => {
  assert.throws(() => readdirSync(readFileSync(join(folder, 'made'), 'utf8').trim()), {code: 'ENOENT'});
});
