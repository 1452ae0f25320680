// What a set of NetworkPolicies lets through, as "from -> to PROTOCOL/port" lines.
// Between two of our pods a packet passes only where the one's egress and the other's ingress allow it.
import assert from 'node:assert/strict';

export function allowedEdges(policies, workloads) {
  const pods = workloads.map((w) => ({name: w.metadata.name, labels: w.spec.template.metadata.labels}));
  const out = new Set();
  const inward = new Set();
  for (const {spec} of policies) {
    const here = pods.filter((pod) => matches(spec.podSelector, pod.labels));
    for (const pod of here) {
      for (const rule of spec.egress ?? []) edges(rule.to, rule.ports, pods).forEach(
          ([peer, port]) => out.add(`${pod.name} -> ${peer} ${port}`));
      for (const rule of spec.ingress ?? []) edges(rule.from, rule.ports, pods).forEach(
          ([peer, port]) => inward.add(`${peer} -> ${pod.name} ${port}`));
    }
  }
  const ours = (name) => pods.some((pod) => pod.name === name);
  const passes = (edge) => {
    const [from, to] = edge.match(/^(.*) -> (.*) \S+$/).slice(1);
    return (!ours(from) || out.has(edge)) && (!ours(to) || inward.has(edge));
  };
  const half = [...out, ...inward].filter((edge) => !passes(edge));
  assert.deepEqual(half, [], 'edges that only one end allows');
  return [...new Set([...out, ...inward])].sort();
}

function matches(selector, labels) {
  assert.deepEqual(Object.keys(selector).filter((key) => key !== 'matchLabels'), [], 'matchLabels only');
  return Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

function edges(peers, ports, pods) {
  // An absent list means "everybody" or "every port": shown as such, and in no list of expected edges.
  const who = (peers ?? [{}]).flatMap((peer) => namesOf(peer, pods));
  const where = (ports ?? [{protocol: 'ANY', port: 'any'}]).map((p) => `${p.protocol}/${p.port}`);
  return who.flatMap((name) => where.map((port) => [name, port]));
}

function namesOf(peer, pods) {
  const text = (selector) =>
    Object.entries(selector.matchLabels ?? {}).map(([k, v]) => `${k}=${v}`).join(',') || 'any';
  if (peer.ipBlock) return [`address ${peer.ipBlock.cidr}`];
  if (peer.namespaceSelector && peer.podSelector) {
    return [`pod ${text(peer.podSelector)} in ${text(peer.namespaceSelector)}`];
  }
  if (peer.namespaceSelector) return [`namespace ${text(peer.namespaceSelector)}`];
  if (peer.podSelector) return pods.filter((p) => matches(peer.podSelector, p.labels)).map((p) => p.name);
  return ['anybody'];
}
