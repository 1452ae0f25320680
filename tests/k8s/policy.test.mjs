// What must be true of k8s/base beyond its schemas: who may do what, who may reach whom.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {parseConfig} from './config.mjs';
import {allowedEdges} from './network.mjs';
import {render, root} from './rendering.mjs';

const SERVICES = ['identity', 'intake', 'referral', 'messaging', 'audit'];
const WITH_STORE = ['identity', 'intake', 'referral', 'messaging'];
const STATEFUL = ['amana-audit', 'amana-messaging', 'amana-redis'];

const objects = render();
const ofKind = (...kinds) => objects.filter((o) => kinds.includes(o.kind));
const named = (kind, name) => objects.find((o) => o.kind === kind && o.metadata.name === name);
const workloads = ofKind('Deployment', 'StatefulSet');
const podOf = (workload) => workload.spec.template;
const containersOf = (workload) =>
  [...podOf(workload).spec.containers, ...(podOf(workload).spec.initContainers ?? [])];
const workloadOf = (service) => workloads.find((w) => w.metadata.name === `amana-${service}`);
const configMapStartingWith = (name) =>
  ofKind('ConfigMap').find((c) => c.metadata.name.startsWith(`${name}-`));

function eachContainer(check) {
  for (const workload of workloads) {
    for (const container of containersOf(workload)) {
      check(container, `${workload.metadata.name}/${container.name}`, workload);
    }
  }
}

test('there are five services and Redis, and what holds a volume is a StatefulSet', () => {
  assert.deepEqual(
      workloads.map((w) => w.metadata.name).sort(),
      [...SERVICES.map((s) => `amana-${s}`), 'amana-redis'].sort());
  assert.deepEqual(ofKind('StatefulSet').map((w) => w.metadata.name).sort(), STATEFUL);
  for (const set of ofKind('StatefulSet')) {
    assert.equal(set.spec.volumeClaimTemplates.length, 1);
    assert.equal(set.spec.replicas, 1, `${set.metadata.name}: one writer per volume`);
    const labels = Object.keys(set.spec.volumeClaimTemplates[0].metadata.labels ?? {});
    assert.ok(!labels.includes('app.kubernetes.io/version'), 'a claim template can never be changed');
  }
});

test('the namespace itself refuses a pod that is not restricted', () => {
  const labels = named('Namespace', 'amana').metadata.labels;
  assert.equal(labels['pod-security.kubernetes.io/enforce'], 'restricted');
});

test('every object carries the labels and stands in the namespace', () => {
  for (const object of objects) {
    const {labels, namespace, name} = object.metadata;
    assert.equal(labels?.['app.kubernetes.io/part-of'], 'amana', name);
    assert.ok(labels['app.kubernetes.io/version'], name);
    if (object.kind !== 'Namespace') assert.equal(namespace, 'amana', name);
  }
  for (const workload of workloads) {
    const labels = podOf(workload).metadata.labels;
    assert.equal(labels['app.kubernetes.io/name'], workload.metadata.name);
    assert.ok(labels['app.kubernetes.io/component']);
    assert.ok(labels['app.kubernetes.io/version']);
    assert.deepEqual(workload.spec.selector.matchLabels,
        {'app.kubernetes.io/name': workload.metadata.name}, 'a selector can never be changed');
  }
});

test('no pod has more rights than it needs', () => {
  for (const workload of workloads) {
    const spec = podOf(workload).spec;
    const name = workload.metadata.name;
    assert.equal(spec.automountServiceAccountToken, false, name);
    assert.equal(spec.enableServiceLinks, false, name);
    assert.equal(spec.serviceAccountName, undefined, name);
    for (const shared of ['hostNetwork', 'hostPID', 'hostIPC', 'hostUsers']) {
      assert.equal(spec[shared], undefined, `${name}: ${shared}`);
    }
    assert.equal(spec.securityContext.runAsNonRoot, true, name);
    for (const id of ['runAsUser', 'runAsGroup', 'fsGroup']) {
      assert.ok(spec.securityContext[id] > 10000, `${name}: ${id}`);
    }
    assert.deepEqual(spec.securityContext.seccompProfile, {type: 'RuntimeDefault'}, name);
    for (const volume of spec.volumes) {
      const kinds = Object.keys(volume).filter((key) => key !== 'name');
      assert.ok(['emptyDir', 'configMap', 'projected'].includes(kinds.join()), `${name}: ${kinds}`);
    }
  }
  eachContainer((container, name) => {
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      capabilities: {drop: ['ALL']},
      readOnlyRootFilesystem: true,
    }, name);
  });
});

test('every image has a version', () => {
  eachContainer((container, name) => {
    assert.match(container.image, /(:(?!latest)[\w.-]+|@sha256:[0-9a-f]{64})$/, name);
  });
});

test('every container says what it needs; memory has a limit, processors have none', () => {
  eachContainer(({resources}, name) => {
    assert.ok(resources.requests.cpu && resources.requests.memory, name);
    assert.ok(resources.limits.memory, name);
    assert.equal(resources.limits.cpu, undefined, name);
  });
});

test('services are watched on the metrics port: alive is another question than ready', () => {
  for (const service of SERVICES) {
    const spec = podOf(workloadOf(service)).spec;
    const [container] = spec.containers;
    const ports = Object.fromEntries(container.ports.map((p) => [p.name, p.containerPort]));
    assert.equal(ports.grpc, 50051);
    assert.equal(ports.metrics, 9464);
    assert.deepEqual(container.startupProbe.httpGet, {path: '/livez', port: 'metrics'});
    assert.deepEqual(container.livenessProbe.httpGet, {path: '/livez', port: 'metrics'});
    assert.deepEqual(container.readinessProbe.httpGet, {path: '/readyz', port: 'metrics'});
    assert.ok(spec.terminationGracePeriodSeconds >= 40, `${service}: longer than the 30 s drain`);
  }
  const [redis] = podOf(workloadOf('redis')).spec.containers;
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) assert.ok(redis[probe]);
});

test('the tunnel is a sidecar: up before its service, and gone after it', () => {
  for (const service of WITH_STORE) {
    const spec = podOf(workloadOf(service)).spec;
    const tunnel = spec.initContainers.find((c) => c.name === 'redis-tunnel');
    assert.equal(tunnel.restartPolicy, 'Always');
    assert.ok(tunnel.startupProbe);
    assert.deepEqual(tunnel.command,
        ['sh', '-c', 'rm -f /run/redis/redis.sock && exec stunnel4 /etc/tunnel/tunnel.conf'],
        'it comes back after a kill: stunnel does not bind over the socket that was left');
    const socket = spec.volumes.find((v) => v.name === 'redis-socket');
    assert.equal(socket.emptyDir.medium, 'Memory');
  }
  assert.equal(podOf(workloadOf('audit')).spec.initContainers, undefined, 'the log has no store');
});

test('no secret stands in the manifests or in an environment', () => {
  assert.deepEqual(ofKind('Secret'), []);
  eachContainer((container, name) => {
    assert.equal(container.env, undefined, name);
    assert.equal(container.envFrom, undefined, name);
  });
  for (const map of ofKind('ConfigMap')) {
    for (const [file, text] of Object.entries(map.data)) {
      assert.doesNotMatch(text, /-----BEGIN|^\s*(requirepass|masterauth|user)\b/m, file);
      assert.doesNotMatch(text, /^[a-z_]*(password|secret|key)(_file)? = (?!\/run\/secrets\/)/mi, file);
    }
  }
});

test('secrets are files of mode 0400, mounted read-only, whole (a subPath would never be renewed)', () => {
  for (const workload of workloads) {
    const projected = podOf(workload).spec.volumes.filter((v) => v.projected);
    assert.ok(projected.length, workload.metadata.name);
    for (const {projected: {defaultMode, sources}} of projected) {
      assert.equal(defaultMode, 0o400);
      for (const source of sources) {
        assert.deepEqual(Object.keys(source), ['secret']);
        for (const item of source.secret.items) assert.equal(item.mode, undefined);
        assert.notEqual(source.secret.optional, true);
      }
    }
    for (const container of containersOf(workload)) {
      for (const mount of container.volumeMounts) {
        assert.equal(mount.subPath, undefined);
        if (projected.some((v) => v.name === mount.name)) assert.equal(mount.readOnly, true);
      }
    }
  }
});

test('no service is given a secret of another', () => {
  for (const workload of workloads) {
    for (const volume of podOf(workload).spec.volumes.filter((v) => v.projected)) {
      for (const {secret} of volume.projected.sources) {
        assert.ok(secret.name.startsWith(`${workload.metadata.name}-`), secret.name);
      }
    }
  }
  const spec = podOf(workloadOf('intake')).spec;
  const mountsOf = (container) => container.volumeMounts.map((m) => m.name);
  assert.ok(!mountsOf(spec.initContainers[0]).includes('secrets'), 'the tunnel reads no service key');
  assert.ok(!mountsOf(spec.containers[0]).includes('tunnel-secrets'));
});

test('a node can be emptied: a budget for each, and pods that spread', () => {
  for (const workload of workloads) {
    const name = workload.metadata.name;
    const {spec} = named('PodDisruptionBudget', name);
    assert.deepEqual(spec.selector.matchLabels, workload.spec.selector.matchLabels);
    if (workload.spec.replicas > 1) assert.equal(spec.minAvailable, 1, name);
    else assert.equal(spec.maxUnavailable, 1, `${name}: minAvailable 1 of 1 would block the node`);
    const [spread] = podOf(workload).spec.topologySpreadConstraints;
    assert.equal(spread.topologyKey, 'kubernetes.io/hostname', name);
    assert.deepEqual(spread.labelSelector.matchLabels, workload.spec.selector.matchLabels);
  }
});

test('every Service has named ports that its pods open', () => {
  for (const service of ofKind('Service')) {
    const workload = workloads.find((w) => w.metadata.name === service.metadata.name);
    assert.deepEqual(service.spec.selector, workload.spec.selector.matchLabels);
    const opened = new Map(containersOf(workload).flatMap((c) => c.ports ?? [])
        .map((p) => [p.name, p.containerPort]));
    for (const port of service.spec.ports) {
      assert.equal(opened.get(port.targetPort), port.port, `${service.metadata.name}: ${port.name}`);
      assert.ok(port.appProtocol);
    }
  }
});

test('every reference leads somewhere', () => {
  for (const workload of workloads) {
    const spec = podOf(workload).spec;
    const claims = (workload.spec.volumeClaimTemplates ?? []).map((c) => c.metadata.name);
    const volumes = [...spec.volumes.map((v) => v.name), ...claims];
    assert.equal(new Set(volumes).size, volumes.length, workload.metadata.name);
    const mounted = containersOf(workload).flatMap((c) => c.volumeMounts.map((m) => m.name));
    assert.deepEqual([...new Set(mounted)].sort(), volumes.sort(), workload.metadata.name);
    // The directory's geography comes from whoever brings the directory (k8s/README.md).
    for (const {configMap} of spec.volumes.filter((v) => v.configMap && v.configMap.name !== 'amana-geography')) {
      assert.ok(named('ConfigMap', configMap.name), configMap.name);
    }
  }
});

// [who calls, whom]. Nothing else may pass.
const CALLS = [
  ['intake', 'identity'], ['referral', 'identity'], ['messaging', 'identity'], ['audit', 'identity'],
  ['referral', 'intake'], ['messaging', 'intake'],
  ['intake', 'referral'], ['intake', 'messaging'],
  ['audit', 'intake'], ['audit', 'referral'], ['audit', 'messaging'],
];

test('the network lets through the edges of the map, and nothing else', () => {
  const gateway = 'namespace amana/gateway=allowed';
  const prometheus = 'pod app.kubernetes.io/name=prometheus in kubernetes.io/metadata.name=monitoring';
  const dns = 'pod k8s-app=kube-dns in kubernetes.io/metadata.name=kube-system';
  const expected = [
    ...CALLS.map(([from, to]) => `amana-${from} -> amana-${to} TCP/grpc`),
    ...WITH_STORE.map((s) => `amana-${s} -> amana-redis TCP/redis`),
    ...SERVICES.flatMap((s) => [
      `amana-${s} -> ${dns} UDP/53`,
      `amana-${s} -> ${dns} TCP/53`,
      `${gateway} -> amana-${s} TCP/grpc`,
      `${prometheus} -> amana-${s} TCP/metrics`,
    ]),
    `${gateway} -> amana-identity TCP/enrolment`,
  ];
  assert.deepEqual(allowedEdges(ofKind('NetworkPolicy'), workloads), expected.sort());
});

test('default deny covers every pod, both ways', () => {
  assert.deepEqual(named('NetworkPolicy', 'default-deny').spec,
      {podSelector: {}, policyTypes: ['Ingress', 'Egress']});
});

for (const service of SERVICES) {
  test(`config/${service}.conf fits the pod it is mounted in`, () => {
    const workload = workloadOf(service);
    const spec = podOf(workload).spec;
    const config = parseConfig(service, configMapStartingWith(`amana-${service}-config`).data[`${service}.conf`]);
    assert.deepEqual(spec.containers[0].args, ['--config', `/etc/amana/${service}.conf`]);
    assert.equal(config.get('listen'), '0.0.0.0:50051');
    assert.equal(config.get('metrics_listen'), '0.0.0.0:9464');
    if (WITH_STORE.includes(service)) {
      assert.equal(config.get('redis_user'), service);
      const tunnel = configMapStartingWith('amana-tunnel-config').data['tunnel.conf'];
      assert.match(tunnel, new RegExp(`^accept = ${config.get('redis_socket')}$`, 'm'));
    }
    assert.equal(config.get('reflection'), 'false');

    const called = [...config.keys()].filter((k) => k.endsWith('_address'))
        .map((k) => k.replace('_address', ''));
    assert.deepEqual(called.sort(), CALLS.filter(([from]) => from === service).map(([, to]) => to).sort());
    for (const other of called) assert.equal(config.get(`${other}_address`), `amana-${other}:50051`);

    const files = spec.volumes.find((v) => v.name === 'secrets').projected.sources
        .flatMap((s) => s.secret.items.map((item) => `/run/secrets/amana/${item.path}`));
    const wanted = [...config].filter(([key]) => key.endsWith('_file') && key !== 'geography_file').map(([, path]) => path);
    wanted.push(...['ca.pem', 'cert.pem', 'key.pem'].map((f) => `${config.get('tls_dir')}/${f}`));
    assert.deepEqual(wanted.sort(), files.sort(), 'secret files named and secret files mounted');

    const paths = spec.containers[0].volumeMounts.map((m) => m.mountPath);
    assert.equal(config.has('data_dir'), STATEFUL.includes(workload.metadata.name));
    if (config.has('data_dir')) assert.ok(paths.includes(config.get('data_dir')));
  });
}

test('Redis is durable, private and never forgets', () => {
  const config = configMapStartingWith('amana-redis-config').data['redis.conf'];
  for (const line of [
    'port 0', 'tls-port 6379', 'tls-auth-clients yes', 'appendonly yes', 'appendfsync always',
    'no-appendfsync-on-rewrite no', 'maxmemory-policy noeviction', 'aclfile /run/secrets/redis/users.acl',
  ]) assert.ok(config.split('\n').includes(line), line);
  const tunnel = configMapStartingWith('amana-tunnel-config').data['tunnel.conf'];
  for (const line of ['verifyChain = yes', 'checkHost = amana-redis', 'sslVersionMin = TLSv1.3']) {
    assert.ok(tunnel.split('\n').includes(line), line);
  }
});

test('a user of Redis may do what the store does, and nothing more', () => {
  // Adjacent string literals of C++ and Python become one.
  const text = (path) => readFileSync(`${root}${path}`, 'utf8').replace(/"\s+"/g, '');
  const [, permissions] = text('common/store/redis_store.h').match(/kRedisPermissions =\s+"([^"]+)"/);
  assert.doesNotMatch(permissions, /@/);
  assert.match(text('scripts/lib/amana_cluster.py'), /~\{service\}:\* ?"?\s*f?"?resetchannels -@all \{REDIS_PERMISSIONS\}/);
  assert.ok(text('scripts/lib/amana_cluster.py').includes(`REDIS_PERMISSIONS = (\n    "${permissions}"`));
  assert.ok(text('k8s/README.md').includes(`resetkeys ~intake:* resetchannels -@all ${permissions}\n`));
});

test('no lock file names a registry', () => {
  for (const folder of ['tests/k8s', 'tests/k8s/kubectl', 'scripts/checks/buf']) {
    const lock = JSON.parse(readFileSync(`${root}${folder}/package-lock.json`, 'utf8'));
    for (const [name, entry] of Object.entries(lock.packages)) {
      assert.equal(entry.resolved, undefined, `${folder}: ${name}`);
    }
  }
});
