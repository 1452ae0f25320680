// Every alert is one a person can act on, and is proved to fire and to keep quiet.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import yaml from 'js-yaml';
import {root} from './rendering.mjs';

// Always fires: that is its purpose.
const HEARTBEAT = 'AmanaWatchdog';

const read = (path) => readFileSync(`${root}${path}`, 'utf8');
const rules = yaml.load(read('k8s/monitoring/rules.yml')).groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert);
const expectations = ['rules_test.yml', 'rules_slow_test.yml']
    .flatMap((file) => yaml.load(read(`k8s/monitoring/${file}`)).tests)
    .flatMap((t) => t.alert_rule_test);
// What our programs export, as they name it where they make it: a histogram under three names.
const metrics = new Set(
    execFileSync('git', ['ls-files', 'common/*.cc', 'services/*.cc'], {cwd: root, encoding: 'utf8'})
        .split('\n').filter((path) => path && !path.endsWith('_test.cc'))
        .flatMap((path) => [...read(path).matchAll(/\b(?:Add|Watch)(Counter|Gauge|Histogram)\(\s*"(amana_\w+)"/g)])
        .flatMap(([, kind, name]) =>
          kind === 'Histogram' ? ['bucket', 'count', 'sum'].map((suffix) => `${name}_${suffix}`) : [name]));
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
    // An alert on any other would never fire.
    for (const [name] of expr.matchAll(/\bamana_\w+/g)) assert.ok(metrics.has(name), name);
  }
});
