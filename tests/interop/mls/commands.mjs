// What a request may ask for (README.md has the table): takes the request, returns the answer.
import {
  createApplicationMessage,
  createCommit,
  createGroup,
  createGroupInfoWithExternalPub,
  createGroupInfoWithExternalPubAndRatchetTree,
  createProposal,
  decodeGroupState,
  encodeGroupState,
  joinGroup,
  joinGroupExternal,
  makePskIndex,
  mlsExporter,
  processPrivateMessage,
  processPublicMessage,
} from 'ts-mls';
import {defaultClientConfig} from 'ts-mls/clientConfig.js';
import {ratchetTreeFromExtension} from 'ts-mls/groupInfo.js';
import {encodeKeyPackage, makeKeyPackageRef} from 'ts-mls/keyPackage.js';
import {decodeRatchetTree, encodeRatchetTree} from 'ts-mls/ratchetTree.js';
import {
  cloneMember,
  enter,
  epoch,
  findInGroup,
  findMember,
  follow,
  forgetMember,
  isActive,
  isLastResort,
  isOwnUpdate,
  learnPsks,
  makeKeyPackage,
  makeUpdate,
  openMember,
  ownLeaf,
  pskIndex,
  putMember,
  spendCommitKey,
  suite,
  withKeysSpentSince,
} from './members.mjs';
import {bytes, decode, decodeMessage, encodeMessage, hex} from './wire.mjs';

const decodeTree = (text) => (text === undefined ? undefined : decode(decodeRatchetTree, text));

// --- Proposals

function add(keyPackage) {
  const message = decodeMessage(keyPackage, 'mls_key_package');
  return {proposalType: 'add', add: {keyPackage: message.keyPackage}};
}

function remove(leaf) {
  if (!Number.isInteger(leaf) || leaf < 0) throw new Error(`not a leaf index: ${leaf}`);
  return {proposalType: 'remove', remove: {removed: leaf}};
}

function psk({id}) {
  const pskNonce = suite.rng.randomBytes(suite.kdf.size);
  const preSharedKeyId = {psktype: 'external', pskId: bytes(id), pskNonce};
  return {proposalType: 'psk', psk: {preSharedKeyId}};
}

async function makeProposal(member, {type, key_package, leaf, psk: secret}) {
  switch (type) {
    case 'add':
      return add(key_package);
    case 'remove':
      return remove(leaf);
    case 'update':
      return {proposalType: 'update', update: {leafNode: await makeUpdate(member)}};
    case 'psk':
      learnPsks(member, [secret]);
      return psk(secret);
    default:
      throw new Error(`no proposal ${type}`);
  }
}

// ts-mls keeps proposals under the base64 of their references.
const toRef = (key) => Buffer.from(key, 'base64').toString('hex');

function newRef(before, after) {
  const known = before.unappliedProposals;
  const key = Object.keys(after.unappliedProposals).find((each) => !(each in known));
  if (key === undefined) throw new Error('this proposal is here already');
  return toRef(key);
}

/** What a commit takes along: the proposals asked for, or all that this committer may. */
function takeAlong(state, refs) {
  const all = Object.entries(state.unappliedProposals);
  const unknown = refs?.find((ref) => !all.some(([key]) => toRef(key) === ref));
  if (unknown !== undefined) throw new Error(`no proposal ${unknown}`);
  const wanted = ([key, entry]) => refs?.includes(toRef(key)) ?? !isOwnUpdate(state, entry);
  return Object.fromEntries(all.filter(wanted));
}

// --- Joining

async function findPackage({packages}, welcome) {
  const invited = welcome.secrets.map(({newMember}) => hex(newMember));
  for (const made of packages) {
    const ref = await makeKeyPackageRef(made.publicPackage, suite.hash);
    if (invited.includes(hex(ref))) return made;
  }
  throw new Error('not for a key package of this member');
}

function checkNothingWaits(member) {
  if (member.next) throw new Error('a commit waits for confirm or discard');
}

function checkSomethingWaits(member) {
  if (!member.next) throw new Error('no commit waits');
}

export const commands = {
  async key_package({member: name, identity, ...options}) {
    const member = await openMember(name, identity);
    const made = await makeKeyPackage(member, options);
    member.packages.push(made);
    return {
      message: encodeMessage({wireformat: 'mls_key_package', keyPackage: made.publicPackage}),
      key_package: hex(encodeKeyPackage(made.publicPackage)),
    };
  },

  async create({member: name, identity, group_id}) {
    const id = bytes(group_id);
    const member = await openMember(name, identity);
    const {publicPackage, privatePackage} = await makeKeyPackage(member);
    enter(member, await createGroup(id, publicPackage, privatePackage, [], suite));
    return {epoch: epoch(member.state)};
  },

  async join({member: name, welcome: text, tree, psks}) {
    const member = findMember(name);
    learnPsks(member, psks);
    const {welcome} = decodeMessage(text, 'mls_welcome');
    const made = await findPackage(member, welcome);
    const state = await joinGroup(
      welcome,
      made.publicPackage,
      made.privatePackage,
      makePskIndex(undefined, member.psks),
      suite,
      decodeTree(tree),
    );
    enter(member, state);
    if (!isLastResort(made)) member.packages.splice(member.packages.indexOf(made), 1);
    return {epoch: epoch(state), leaf: state.privatePath.leafIndex};
  },

  async join_external({member: name, identity, group_info, tree: text, resync = false}) {
    const {groupInfo} = decodeMessage(group_info, 'mls_group_info');
    const member = await openMember(name, identity);
    checkNothingWaits(member);
    const tree = ratchetTreeFromExtension(groupInfo) ?? decodeTree(text);
    const isOwn = ({leaf}) => hex(leaf.signaturePublicKey) === hex(member.signature.publicKey);
    // ts-mls would never end.
    if (resync && !tree?.some((node) => node?.leaf && isOwn(node))) {
      throw new Error('no leaf to replace');
    }
    const {publicPackage, privatePackage} = await makeKeyPackage(member);
    const {publicMessage, newState} = await joinGroupExternal(
      groupInfo,
      publicPackage,
      privatePackage,
      resync,
      suite,
      tree,
    );
    member.next = newState;
    return {
      commit: encodeMessage({wireformat: 'mls_public_message', publicMessage}),
      epoch: epoch(newState),
    };
  },

  async commit({member: name, adds = [], removes = [], psks = [], refs, ...options}) {
    const member = findInGroup(name);
    checkNothingWaits(member);
    learnPsks(member, psks);
    const {public: isPublic = false, inline_tree = false, authenticated_data = ''} = options;
    const state = {...member.state, unappliedProposals: takeAlong(member.state, refs)};
    const {newState, commit, welcome} = await createCommit(
      {state, cipherSuite: suite, pskIndex: pskIndex(member)},
      {
        extraProposals: [...adds.map(add), ...removes.map(remove), ...psks.map(psk)],
        wireAsPublicMessage: isPublic,
        ratchetTreeExtension: inline_tree,
        authenticatedData: bytes(authenticated_data),
      },
    );
    if (!isPublic) member.state = await spendCommitKey(member.state);
    member.next = newState;
    return {
      commit: encodeMessage(commit),
      welcome: welcome && encodeMessage({wireformat: 'mls_welcome', welcome}),
      epoch: epoch(newState),
    };
  },

  confirm({member: name}) {
    const member = findMember(name);
    checkSomethingWaits(member);
    enter(member, withKeysSpentSince(member.next, member.state));
    return {epoch: epoch(member.state)};
  },

  discard({member: name}) {
    const member = findMember(name);
    checkSomethingWaits(member);
    member.next = undefined;
    return {};
  },

  async propose({member: name, public: isPublic = false, authenticated_data = '', ...what}) {
    const member = findInGroup(name);
    const {message, newState} = await createProposal(
      member.state,
      isPublic,
      await makeProposal(member, what),
      suite,
      bytes(authenticated_data),
    );
    const ref = newRef(member.state, newState);
    member.state = newState;
    return {message: encodeMessage(message), ref};
  },

  async handle({member: name, message: text, psks}) {
    const member = findInGroup(name);
    learnPsks(member, psks);
    const {publicMessage, privateMessage} = decodeMessage(
      text,
      'mls_public_message',
      'mls_private_message',
    );
    const seen = [];
    const [state, accept] = follow(member, seen);
    // Not processMessage: it has no PSKs for a private message.
    const {newState, message} = publicMessage
      ? await processPublicMessage(state, publicMessage, pskIndex(member), suite, accept)
      : await processPrivateMessage(state, privateMessage, pskIndex(member), suite, accept);
    const {authenticatedData} = publicMessage?.content ?? privateMessage;
    const answer = {epoch: epoch(newState), authenticated_data: hex(authenticatedData)};
    const [incoming] = seen;
    if (!incoming) {
      member.state = newState;
      return {kind: 'application', ...answer, plaintext: hex(message)};
    }
    if (incoming.kind === 'commit') {
      enter(member, newState);
      const removed = !isActive(newState);
      return {kind: 'commit', ...answer, sender: incoming.senderLeafIndex, removed};
    }
    const ref = newRef(state, newState);
    member.state = newState;
    const {proposal, senderLeafIndex: sender} = incoming.proposal;
    return {kind: 'proposal', ...answer, sender, type: proposal.proposalType, ref};
  },

  async encrypt({member: name, plaintext, authenticated_data = ''}) {
    const member = findInGroup(name);
    const {privateMessage, newState} = await createApplicationMessage(
      member.state,
      bytes(plaintext),
      suite,
      bytes(authenticated_data),
    );
    member.state = newState;
    return {message: encodeMessage({wireformat: 'mls_private_message', privateMessage})};
  },

  query({member: name}) {
    const {state, next} = findInGroup(name);
    const members = state.ratchetTree.flatMap((node, index) =>
      node?.leaf ? [{leaf: index / 2, identity: hex(node.leaf.credential.identity)}] : [],
    );
    return {
      group_id: hex(state.groupContext.groupId),
      epoch: epoch(state),
      epoch_authenticator: hex(state.keySchedule.epochAuthenticator),
      tree_hash: hex(state.groupContext.treeHash),
      leaf: state.privatePath.leafIndex,
      members,
      proposals: Object.keys(state.unappliedProposals).map(toRef),
      active: isActive(state),
      waiting: next !== undefined,
    };
  },

  async exporter({member: name, label, context, length}) {
    const {exporterSecret} = findInGroup(name).state.keySchedule;
    return {secret: hex(await mlsExporter(exporterSecret, label, bytes(context), length, suite))};
  },

  async group_info({member: name, inline_tree = false}) {
    const make = inline_tree
      ? createGroupInfoWithExternalPubAndRatchetTree
      : createGroupInfoWithExternalPub;
    const groupInfo = await make(findInGroup(name).state, [], suite);
    return {message: encodeMessage({wireformat: 'mls_group_info', groupInfo})};
  },

  tree({member: name}) {
    return {tree: hex(encodeRatchetTree(findInGroup(name).state.ratchetTree))};
  },

  save({member: name}) {
    const {state} = findInGroup(name);
    // Its encoder takes the index 0 for none.
    if (Object.values(state.unappliedProposals).some((entry) => entry.senderLeafIndex === 0)) {
      throw new Error('ts-mls would forget that leaf 0 sent a proposal');
    }
    return {state: hex(encodeGroupState(state))};
  },

  load({member: name, state: text}) {
    const state = {...decode(decodeGroupState, text), clientConfig: defaultClientConfig};
    const {credential, signaturePublicKey: publicKey} = ownLeaf(state);
    putMember(name, {
      credential,
      signature: {publicKey, signKey: state.signaturePrivateKey},
      state,
    });
    return {epoch: epoch(state)};
  },

  /** Plays the client of a case of passive-client-*.json, who joins and follows. */
  async verify({member: name, vector}) {
    const {keyPackage} = decodeMessage(vector.key_package, 'mls_key_package');
    const {credential, signaturePublicKey: publicKey} = keyPackage.leafNode;
    const signKey = bytes(vector.signature_priv);
    putMember(name, {credential, signature: {publicKey, signKey}});
    findMember(name).packages.push({
      publicPackage: keyPackage,
      privatePackage: {
        initPrivateKey: bytes(vector.init_priv),
        hpkePrivateKey: bytes(vector.encryption_priv),
        signaturePrivateKey: signKey,
      },
    });
    const psks = vector.external_psks.map(({psk_id: id, psk: value}) => ({id, value}));
    const tree = vector.ratchet_tree ?? undefined;
    await commands.join({member: name, welcome: vector.welcome, tree, psks});
    const authenticators = [commands.query({member: name}).epoch_authenticator];
    for (const {proposals, commit} of vector.epochs) {
      for (const message of [...proposals, commit]) await commands.handle({member: name, message});
      authenticators.push(commands.query({member: name}).epoch_authenticator);
    }
    return {epoch_authenticators: authenticators};
  },

  clone({member: name, as}) {
    cloneMember(name, as);
    return {};
  },

  forget({member: name}) {
    forgetMember(name);
    return {};
  },
};
