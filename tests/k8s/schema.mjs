// What is wrong with an object by the Kubernetes API's own schemas. Two libraries, since neither does it alone:
// kubernetes-models knows types, required fields and enums but lets unknown fields pass;
// @kubernetes/client-node knows every field's name, and has no class for an API that was removed.
import * as client from '@kubernetes/client-node';

const PLAIN = new Set(['string', 'number', 'boolean', 'any', 'object', 'Date', 'IntOrString']);

export async function problems(object) {
  const where = `${object.kind}/${object.metadata?.name}`;
  const model = client[className(object)];
  if (!model) return [`${where}: ${object.apiVersion} ${object.kind} is not an API of Kubernetes 1.34`];
  return [...unknownFields(object, model.name, ''), ...await invalidValues(object)]
      .map((problem) => `${where}: ${problem}`);
}

function className({apiVersion, kind}) {
  const version = apiVersion.split('/').pop();
  return version[0].toUpperCase() + version.slice(1) + kind;
}

function unknownFields(value, type, path) {
  const list = type.match(/^Array<(.*)>$/);
  if (list) {
    if (!Array.isArray(value)) return [`${path} must be a list`];
    return value.flatMap((item, i) => unknownFields(item, list[1], `${path}[${i}]`));
  }
  if (PLAIN.has(type) || type.startsWith('{')) return [];
  const model = client[type];
  if (!model) return [`${path}: no schema for ${type}`];
  if (value === null || typeof value !== 'object') return [`${path} must be an object`];
  const fields = new Map(model.getAttributeTypeMap().map((f) => [f.baseName, f.type]));
  return Object.entries(value).flatMap(
      ([name, item]) => fields.has(name) ?
          unknownFields(item, fields.get(name), `${path}.${name}`) :
          [`${path}.${name}: unknown field`]);
}

async function invalidValues(object) {
  const models = await import(`kubernetes-models/${object.apiVersion}/${object.kind}`);
  try {
    new models[object.kind](object).validate();
    return [];
  } catch (error) {
    return [error.message];
  }
}
