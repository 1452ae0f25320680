// The rendering of k8s/base, as objects: what a cluster would be given.
import {execFileSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import yaml from 'js-yaml';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export function render() {
  const text = execFileSync(
      `${root}scripts/checks/kubectl`, ['kustomize', `${root}k8s/base`],
      {encoding: 'utf8', maxBuffer: 16 << 20});
  return yaml.loadAll(text).filter(Boolean);
}
