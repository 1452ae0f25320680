// The members this process plays: each a ts-mls client state under a name, with its signature key,
// key packages and PSKs. A ts-mls state is a value: an old one stays good, a failure changes none.
import {
  bytesToBase64,
  defaultCapabilities,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  makePskIndex,
} from 'ts-mls';
import {signLeafNodeCommit} from 'ts-mls/leafNode.js';
import {consumeRatchet} from 'ts-mls/secretTree.js';
import {bytes, hex} from './wire.mjs';

export const suite = await getCiphersuiteImpl(
  getCiphersuiteFromName('MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519'),
);
const LAST_RESORT = 0x000a;
const CLOCK_SKEW_S = 3600;
// A lifetime of ts-mls's own making never ends, and our side must refuse that.
const LIFETIME_S = 28 * 24 * 3600;

const members = new Map();

export function putMember(name, {credential, signature, state}) {
  if (typeof name !== 'string') throw new Error('member is not a name');
  members.set(name, {
    credential,
    signature,
    packages: [], // made and not yet used
    psks: {}, // base64 of the id → value
    updates: new Map(), // encryption key of a proposed Update → its private key
    state,
    next: undefined, // where the member's own commit would lead
  });
}

/** Makes the member unless it is there. */
export async function openMember(name, identity) {
  if (!members.has(name)) {
    const credential = {credentialType: 'basic', identity: bytes(identity)};
    putMember(name, {credential, signature: await suite.signature.keygen()});
  }
  return members.get(name);
}

export function findMember(name) {
  const member = members.get(name);
  if (!member) throw new Error(`no member ${name}`);
  return member;
}

export function findInGroup(name) {
  const member = findMember(name);
  if (!member.state) throw new Error(`${name} is in no group`);
  return member;
}

export function cloneMember(name, as) {
  const {packages, psks, updates, next, ...rest} = findMember(name);
  putMember(as, rest);
  const copy = {packages: [...packages], psks: {...psks}, updates: new Map(updates), next};
  Object.assign(findMember(as), copy);
}

export function forgetMember(name) {
  if (!members.delete(name)) throw new Error(`no member ${name}`);
}

/** A new epoch: whatever waited for the old one is void. */
export function enter(member, state) {
  Object.assign(member, {state, next: undefined, updates: new Map()});
}

export const epoch = (state) => Number(state.groupContext.epoch);
export const isActive = (state) => state.groupActiveState.kind === 'active';
export const ownLeaf = (state) => state.ratchetTree[ownNode(state)]?.leaf;
const ownNode = (state) => 2 * state.privatePath.leafIndex;

// --- PSKs and key packages

export function learnPsks(member, psks = []) {
  for (const {id, value} of psks) member.psks[bytesToBase64(bytes(id))] = bytes(value);
}

export const pskIndex = (member) => makePskIndex(member.state, member.psks);

export function makeKeyPackage(member, {last_resort = false, not_before, not_after} = {}) {
  const now = Math.floor(Date.now() / 1000);
  const lifetime = {
    notBefore: BigInt(not_before ?? now - CLOCK_SKEW_S),
    notAfter: BigInt(not_after ?? now + LIFETIME_S),
  };
  const capabilities = defaultCapabilities();
  const extensions = [];
  if (last_resort) {
    capabilities.extensions.push(LAST_RESORT);
    extensions.push({extensionType: LAST_RESORT, extensionData: new Uint8Array()});
  }
  const {credential, signature} = member;
  return generateKeyPackageWithKey(
    credential,
    capabilities,
    lifetime,
    extensions,
    signature,
    suite,
  );
}

export const isLastResort = ({publicPackage}) =>
  publicPackage.extensions.some(({extensionType}) => extensionType === LAST_RESORT);

// --- Updates

/** ts-mls follows an Update but makes none: the private key waits in the member for the commit. */
export async function makeUpdate(member) {
  const {state} = member;
  const {signaturePublicKey, credential, capabilities, extensions} = ownLeaf(state);
  const pair = await suite.hpke.generateKeyPair();
  const hpkePublicKey = await suite.hpke.exportPublicKey(pair.publicKey);
  const leafNode = await signLeafNodeCommit(
    {
      leafNodeSource: 'update',
      hpkePublicKey,
      signaturePublicKey,
      credential,
      capabilities,
      extensions,
      groupId: state.groupContext.groupId,
      leafIndex: state.privatePath.leafIndex,
    },
    state.signaturePrivateKey,
    suite.signature,
  );
  member.updates.set(hex(hpkePublicKey), await suite.hpke.exportPrivateKey(pair.privateKey));
  return leafNode;
}

export const isOwnUpdate = (state, {proposal, senderLeafIndex}) =>
  proposal.proposalType === 'update' && senderLeafIndex === state.privatePath.leafIndex;

/**
 * The member's state, and a callback for ts-mls that notes in `seen` what came. Where that is a
 * commit with an Update of the member's, the callback puts the key into the state: ts-mls calls it
 * just before it needs the key.
 */
export function follow({state, updates}, seen) {
  const privateKeys = {...state.privatePath.privateKeys};
  const accept = (incoming) => {
    seen.push(incoming);
    const proposals = incoming.kind === 'commit' ? incoming.proposals : [];
    const own = proposals.find((entry) => isOwnUpdate(state, entry));
    if (own) {
      const {hpkePublicKey} = own.proposal.update.leafNode;
      privateKeys[ownNode(state)] = updates.get(hex(hpkePublicKey));
    }
    return 'accept';
  };
  return [{...state, privatePath: {...state.privatePath, privateKeys}}, accept];
}

// --- Between commit and confirm

/** ts-mls leaves the old epoch's ratchet alone, but a dropped commit's key can't serve again. */
export async function spendCommitKey(state) {
  const {newTree} = await consumeRatchet(state.secretTree, ownNode(state), 'commit', suite);
  return {...state, secretTree: newTree};
}

/** Messages of the old epoch that came after the commit must not open again after confirm. */
export function withKeysSpentSince(next, state) {
  const past = next.historicalReceiverData;
  const old = state?.groupContext.epoch;
  if (!past.has(old)) return next;
  const entry = {...past.get(old), secretTree: state.secretTree};
  return {...next, historicalReceiverData: new Map(past).set(old, entry)};
}
