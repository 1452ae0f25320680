// Every alert is one a person can act on, and is proved to fire and to keep quiet.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import yaml from 'js-yaml';
import {root} from './rendering.mjs';

// The metrics our programs export (common/obs and whoever counts). An alert on any other would never fire.
const METRICS = new Set([
  'amana_rpc_server_handled_total', 'amana_rpc_server_handling_seconds', 'amana_rpc_server_in_flight',
  'amana_rpc_worker_queue_depth', 'amana_rpc_worker_queue_wait_seconds', 'amana_redis_command_seconds',
  'amana_redis_up', 'amana_outbox_backlog', 'amana_outbox_oldest_age_seconds', 'amana_audit_log_size',
  'amana_audit_checkpoint_age_seconds', 'amana_audit_stream_faults_total',
  'amana_tls_certificate_expiry_seconds', 'amana_referral_offers_total',
  'amana_referral_time_to_first_answer_seconds', 'amana_referral_escalations_total', 'amana_build_info',
]);
// Always fires: that is its purpose.
const HEARTBEAT = 'AmanaWatchdog';

const read = (path) => readFileSync(`${root}${path}`, 'utf8');
const rules = yaml.load(read('k8s/monitoring/rules.yml')).groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert);
const expectations = ['rules_test.yml', 'rules_slow_test.yml']
    .flatMap((file) => yaml.load(read(`k8s/monitoring/${file}`)).tests)
    .flatMap((t) => t.alert_rule_test);
const sections = [...read('docs/runbooks.md').matchAll(/^## (.*)$/gm)].map(([, title]) => title);

for (const {alert, labels, annotations} of alerts) {
  test(`${alert} has a severity, a summary and a runbook`, () => {
    assert.ok(['page', 'ticket', 'none'].includes(labels.severity));
    assert.ok(annotations.summary);
    assert.equal(annotations.runbook_url, `docs/runbooks.md#${alert.toLowerCase()}`);
    assert.ok(sections.includes(alert), `docs/runbooks.md has no section ${alert}`);
  });

  test(`${alert} is shown to fire, and to keep quiet`, () => {
    const own = expectations.filter((e) => e.alertname === alert);
    assert.ok(own.some((e) => e.exp_alerts.length), 'no test in which it fires');
    if (alert !== HEARTBEAT) {
      assert.ok(own.some((e) => !e.exp_alerts.length), 'no test in which it keeps quiet');
    }
  });
}

test('every runbook section belongs to an alert', () => {
  assert.deepEqual([...sections].sort(), alerts.map((rule) => rule.alert).sort());
});

test('rules read only metrics that exist', () => {
  for (const {expr} of rules) {
    for (const [name] of expr.matchAll(/\bamana_\w+/g)) {
      assert.ok(METRICS.has(name) || METRICS.has(name.replace(/_(bucket|count|sum)$/, '')), name);
    }
  }
});
