// ts-mls against ts-mls, through the pipe: what fails here is the peer, not our library.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {register} from 'node:module';
import {createInterface} from 'node:readline';
import {after, test} from 'node:test';
import {fileURLToPath} from 'node:url';

register('./fixes.mjs', import.meta.url);
const {decodeMlsMessage, ciphersuites} = await import('ts-mls');
const {deriveSecret} = await import('ts-mls/crypto/kdf.js');
const {getCommitSecret} = await import('ts-mls/pathSecrets.js');
const {suite} = await import('./members.mjs');

const peer = spawn(process.execPath, [fileURLToPath(new URL('peer.mjs', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const lines = createInterface({input: peer.stdout})[Symbol.asyncIterator]();
after(() => peer.stdin.end());

let lastId = 0;

async function answerTo(line) {
  peer.stdin.write(`${line}\n`);
  const {value, done} = await lines.next();
  assert.ok(!done, 'the peer ended');
  return JSON.parse(value);
}

async function tell(cmd, member, fields = {}) {
  const asked = ++lastId;
  const {id, ...answer} = await answerTo(JSON.stringify({id: asked, cmd, member, ...fields}));
  assert.equal(id, asked);
  return answer;
}

async function ask(cmd, member, fields) {
  const answer = await tell(cmd, member, fields);
  assert.equal(answer.error, undefined, `${cmd} ${member}`);
  return answer;
}

async function refuse(pattern, cmd, member, fields) {
  assert.match((await tell(cmd, member, fields)).error, pattern);
}

const toHex = (text) => Buffer.from(text).toString('hex');
const fromHex = (text) => Uint8Array.from(Buffer.from(text, 'hex'));

let lastGroup = 0;

/** A group of members under names that no other test has; `names` is in the order of leaves. */
class Group {
  static async of(...names) {
    const group = new Group();
    group.prefix = `${++lastGroup}-`;
    group.names = [];
    const [first, ...others] = names;
    await ask('create', group.prefix + first, {identity: toHex(first), group_id: toHex('group')});
    group.names.push(first);
    if (others.length) await group.add(first, others);
    return group;
  }

  ask(cmd, name, fields) {
    return ask(cmd, this.prefix + name, fields);
  }

  refuse(pattern, cmd, name, fields) {
    return refuse(pattern, cmd, this.prefix + name, fields);
  }

  async keyPackage(name, fields) {
    return (await this.ask('key_package', name, {identity: toHex(name), ...fields})).message;
  }

  /** Everyone but `from` takes the message; those it removes leave the group. */
  async deliver(from, message, fields) {
    const answers = new Map();
    for (const name of this.names.filter((each) => each !== from)) {
      const answer = await this.ask('handle', name, {message, ...fields});
      if (answer.removed) this.names = this.names.filter((each) => each !== name);
      answers.set(name, answer);
    }
    return answers;
  }

  async commit(by, fields) {
    const made = await this.ask('commit', by, fields);
    await this.deliver(by, made.commit);
    await this.ask('confirm', by);
    await this.agree();
    return made;
  }

  async add(by, names) {
    const adds = [];
    for (const name of names) adds.push(await this.keyPackage(name));
    const {welcome} = await this.commit(by, {adds, inline_tree: true});
    for (const name of names) await this.ask('join', name, {welcome});
    this.names.push(...names);
    await this.agree();
  }

  /** All are in the same epoch with the same secrets. Returns what the first one says. */
  async agree() {
    const [first, ...others] = await Promise.all(this.names.map((name) => this.query(name)));
    for (const other of others) {
      assert.equal(other.epoch, first.epoch);
      assert.equal(other.epoch_authenticator, first.epoch_authenticator);
      assert.equal(other.tree_hash, first.tree_hash);
      assert.deepEqual(other.members, first.members);
    }
    return first;
  }

  query(name) {
    return this.ask('query', name);
  }

  async talk(from) {
    const plaintext = toHex(`from ${from}`);
    const {message} = await this.ask('encrypt', from, {plaintext, authenticated_data: '0a0b'});
    for (const answer of (await this.deliver(from, message)).values()) {
      assert.equal(answer.kind, 'application');
      assert.equal(answer.plaintext, plaintext);
      assert.equal(answer.authenticated_data, '0a0b');
    }
  }
}

test('create, add, talk, update, remove', async () => {
  const group = await Group.of('anna', 'badr', 'chen');
  const {epoch, members, group_id} = await group.agree();
  assert.equal(epoch, 1);
  assert.equal(group_id, toHex('group'));
  assert.deepEqual(
    members,
    ['anna', 'badr', 'chen'].map((name, leaf) => ({leaf, identity: toHex(name)})),
  );
  for (const name of group.names) await group.talk(name);
  for (const name of group.names) await group.commit(name);
  for (const name of group.names) await group.commit(name, {public: true});
  assert.equal((await group.agree()).epoch, 7);

  await group.commit('chen', {removes: [1]});
  assert.deepEqual(group.names, ['anna', 'chen']);
  assert.equal((await group.query('badr')).active, false);
  await group.refuse(/removed/, 'encrypt', 'badr', {plaintext: '00'});
  for (const name of group.names) await group.talk(name);

  await group.add('anna', ['dina']);
  assert.equal((await group.query('dina')).leaf, 1);
  assert.equal((await group.agree()).epoch, 9);
});

test('a welcome without the tree needs the tree', async () => {
  const group = await Group.of('anna');
  const adds = [await group.keyPackage('badr')];
  const {welcome} = await group.commit('anna', {adds});
  const {tree} = await group.ask('tree', 'anna');
  await group.refuse(/No RatchetTree/, 'join', 'badr', {welcome});
  assert.deepEqual(await group.ask('join', 'badr', {welcome, tree}), {epoch: 1, leaf: 1});
  group.names.push('badr');
  await group.agree();
  assert.equal((await group.ask('tree', 'badr')).tree, tree);
  await group.refuse(/not for a key package/, 'join', 'badr', {welcome, tree});
});

test('the first of two commits wins, the other one is dropped', async () => {
  const group = await Group.of('anna', 'badr', 'chen');
  const first = await group.ask('commit', 'anna');
  await group.ask('commit', 'badr');
  assert.equal((await group.query('badr')).waiting, true);
  assert.equal((await group.query('badr')).epoch, 1);
  await group.deliver('anna', first.commit);
  await group.ask('confirm', 'anna');
  await group.agree();
  assert.equal((await group.query('badr')).waiting, false);
  await group.refuse(/no commit waits/, 'confirm', 'badr');
  await group.commit('badr');
});

test('a dropped commit does not lend its key to the next message', async () => {
  const group = await Group.of('anna', 'badr');
  const dropped = await group.ask('commit', 'anna');
  await group.refuse(/waits/, 'commit', 'anna');
  await group.ask('discard', 'anna');
  await group.refuse(/no commit waits/, 'discard', 'anna');
  const {message} = await group.ask('propose', 'anna', {type: 'remove', leaf: 1});
  await group.deliver('anna', message);
  // Both open only if they have a generation each.
  assert.equal((await group.ask('handle', 'badr', {message: dropped.commit})).kind, 'commit');
});

test('messages of the old epoch open once, before confirm or after it', async () => {
  const group = await Group.of('anna', 'badr');
  const early = await group.ask('encrypt', 'badr', {plaintext: '01'});
  const late = await group.ask('encrypt', 'badr', {plaintext: '02'});
  const {commit} = await group.ask('commit', 'anna');
  await group.ask('handle', 'anna', {message: early.message});
  await group.deliver('anna', commit);
  await group.ask('confirm', 'anna');
  await group.refuse(/past/, 'handle', 'anna', {message: early.message});
  assert.equal((await group.ask('handle', 'anna', {message: late.message})).plaintext, '02');
  await group.refuse(/past/, 'handle', 'anna', {message: late.message});
});

for (const isPublic of [false, true]) {
  test(`proposals by reference, ${isPublic ? 'public' : 'private'}`, async () => {
    const group = await Group.of('anna', 'badr', 'chen', 'dina');
    const psk = {id: toHex('shared'), value: toHex('a secret')};
    const proposals = [
      ['badr', {type: 'update'}],
      ['chen', {type: 'remove', leaf: 3}],
      ['chen', {type: 'add', key_package: await group.keyPackage('emre')}],
      ['badr', {type: 'psk', psk}],
    ];
    const refs = [];
    for (const [from, fields] of proposals) {
      const {message, ref} = await group.ask('propose', from, {...fields, public: isPublic});
      refs.push(ref);
      for (const answer of (await group.deliver(from, message, {psks: [psk]})).values()) {
        const expected = {kind: 'proposal', type: fields.type, ref};
        assert.deepEqual({...answer, ...expected}, answer);
      }
    }
    assert.deepEqual((await group.query('anna')).proposals, refs);
    await group.refuse(/unapplied proposals/, 'encrypt', 'anna', {plaintext: '00'});
    await group.refuse(/no proposal 00/, 'commit', 'anna', {refs: ['00']});

    await group.ask('clone', 'anna', {as: `${group.prefix}copy`});
    const {welcome} = await group.commit('anna', {public: isPublic, inline_tree: true});
    // dina is out, although emre takes its leaf.
    assert.deepEqual(group.names, ['anna', 'badr', 'chen']);
    await group.refuse(/pskId/, 'join', 'emre', {welcome});
    await group.ask('join', 'emre', {welcome, psks: [psk]});
    group.names.push('emre');
    for (const name of group.names) await group.commit(name);
    for (const name of group.names) await group.talk(name);

    // Some of them only: an Update alone adds nobody.
    const copy = await ask('commit', `${group.prefix}copy`, {refs: refs.slice(0, 1)});
    assert.equal(copy.welcome, undefined);
  });
}

test('a committer leaves its own update out', async () => {
  const group = await Group.of('anna', 'badr');
  const {message} = await group.ask('propose', 'anna', {type: 'update'});
  await group.deliver('anna', message);
  await group.refuse(/already|past/, 'handle', 'badr', {message});
  await group.commit('anna');
  await group.commit('badr');
});

test('a PSK by value', async () => {
  const group = await Group.of('anna', 'badr');
  const psk = {id: toHex('met in person'), value: 'ab'.repeat(32)};
  const {commit} = await group.ask('commit', 'anna', {psks: [psk]});
  const before = await group.query('badr');
  await group.refuse(/pskId/, 'handle', 'badr', {message: commit});
  const wrong = {...psk, value: 'ac'.repeat(32)};
  await group.refuse(/confirmation tag/, 'handle', 'badr', {message: commit, psks: [wrong]});
  assert.deepEqual(await group.query('badr'), before);
  await group.ask('handle', 'badr', {message: commit, psks: [psk]});
  await group.ask('confirm', 'anna');
  await group.agree();
  // Known from now on.
  await group.commit('badr', {psks: [psk]});
});

for (const inline of [true, false]) {
  test(`external join, the tree ${inline ? 'inside' : 'beside'}`, async () => {
    const group = await Group.of('anna', 'badr');
    const info = await group.ask('group_info', 'badr', {inline_tree: inline});
    const join = {
      identity: toHex('chen'),
      group_info: info.message,
      tree: inline ? undefined : (await group.ask('tree', 'badr')).tree,
    };
    await group.refuse(/no leaf to replace/, 'join_external', 'chen', {...join, resync: true});
    await group.ask('join_external', 'chen', join);
    await group.ask('discard', 'chen');
    const {commit, epoch} = await group.ask('join_external', 'chen', join);
    await group.refuse(/in no group/, 'query', 'chen');
    await group.deliver('chen', commit);
    assert.deepEqual(await group.ask('confirm', 'chen'), {epoch});
    group.names.push('chen');
    assert.equal((await group.agree()).members.length, 3);
    for (const name of group.names) await group.talk(name);

    // badr lost its state and comes back to the same leaf.
    const again = await group.ask('group_info', 'chen', {inline_tree: true});
    const resync = {group_info: again.message, resync: true};
    const back = await group.ask('join_external', 'badr', resync);
    for (const name of ['anna', 'chen']) await group.ask('handle', name, {message: back.commit});
    await group.ask('confirm', 'badr');
    assert.equal((await group.query('badr')).leaf, 1);
    assert.equal((await group.agree()).members.length, 3);
    for (const name of group.names) await group.commit(name);
  });
}

test('exporter secrets are shared, and depend on label, context and length', async () => {
  const group = await Group.of('anna', 'badr');
  const fields = {label: 'amana', context: '0102', length: 32};
  const {secret} = await group.ask('exporter', 'anna', fields);
  assert.match(secret, /^[0-9a-f]{64}$/);
  assert.equal((await group.ask('exporter', 'badr', fields)).secret, secret);
  for (const other of [{label: 'other'}, {context: ''}, {length: 33}]) {
    const answer = await group.ask('exporter', 'anna', {...fields, ...other});
    assert.notEqual(answer.secret.slice(0, 64), secret);
  }
});

test('save and load go back in time; forget and clone', async () => {
  const group = await Group.of('anna', 'badr');
  const {state} = await group.ask('save', 'badr');
  const {message} = await group.ask('encrypt', 'anna', {plaintext: 'c0ffee'});
  assert.equal((await group.ask('handle', 'badr', {message})).plaintext, 'c0ffee');
  await group.refuse(/past/, 'handle', 'badr', {message});

  await group.ask('clone', 'badr', {as: `${group.prefix}copy`});
  await group.ask('forget', 'badr');
  await group.refuse(/no member/, 'query', 'badr');
  await group.refuse(/past/, 'handle', 'copy', {message});
  assert.equal((await group.query('copy')).epoch, 1);

  await group.ask('load', 'badr', {state});
  assert.equal((await group.ask('handle', 'badr', {message})).plaintext, 'c0ffee');
  for (const name of group.names) await group.commit(name);
  for (const name of group.names) await group.talk(name);
  assert.equal((await group.query('copy')).epoch, 1);

  const proposal = await group.ask('propose', 'anna', {type: 'update'});
  await group.deliver('anna', proposal.message);
  await group.refuse(/leaf 0/, 'save', 'badr');
});

test('a last-resort key package serves twice, another one once', async () => {
  const first = await Group.of('anna');
  const second = await Group.of('chen');
  for (const last_resort of [true, false]) {
    const key_package = await first.keyPackage('badr', {last_resort});
    const {keyPackage} = decodeMlsMessage(fromHex(key_package), 0)[0];
    const {capabilities, lifetime} = keyPackage.leafNode;
    assert.deepEqual(
      keyPackage.extensions.map(({extensionType}) => extensionType),
      last_resort ? [10] : [],
    );
    assert.equal(capabilities.extensions.includes(10), last_resort);
    assert.equal(lifetime.notAfter - lifetime.notBefore, 28n * 86400n + 3600n);
    const fields = {adds: [key_package], inline_tree: true};
    const {welcome} = await first.ask('commit', 'anna', fields);
    const other = await second.ask('commit', 'chen', fields);
    await first.ask('join', 'badr', {welcome});
    const again = await tell('join', `${first.prefix}badr`, {welcome: other.welcome});
    assert.equal(again.error === undefined, last_resort);
    await first.ask('discard', 'anna');
    await second.ask('discard', 'chen');
  }
});

test('lifetimes as asked for, checked by the adder', async () => {
  const group = await Group.of('anna');
  const now = Math.floor(Date.now() / 1000);
  const expired = await group.keyPackage('badr', {not_before: now - 20, not_after: now - 10});
  await group.refuse(/Lifetime/, 'commit', 'anna', {adds: [expired]});
  const endless = await group.keyPackage('chen', {not_before: 0, not_after: '9223372036854775807'});
  const {keyPackage} = decodeMlsMessage(fromHex(endless), 0)[0];
  assert.equal(keyPackage.leafNode.lifetime.notAfter, 2n ** 63n - 1n);
  assert.ok(
    keyPackage.leafNode.capabilities.ciphersuites.length >= Object.keys(ciphersuites).length,
  );
  await group.ask('commit', 'anna', {adds: [endless]});
});

test('out of order within the window, once each; short messages are all as long', async () => {
  const group = await Group.of('anna', 'badr');
  const sent = [];
  for (let i = 0; i < 12; i++) {
    const plaintext = toHex('x'.repeat(i));
    sent.push({plaintext, ...(await group.ask('encrypt', 'anna', {plaintext}))});
  }
  assert.equal(new Set(sent.map(({message}) => message.length)).size, 1);
  const [oldest, ...others] = sent;
  for (const {message, plaintext} of others.reverse()) {
    assert.equal((await group.ask('handle', 'badr', {message})).plaintext, plaintext);
    await group.refuse(/past/, 'handle', 'badr', {message});
  }
  // ts-mls keeps the keys of ten.
  await group.refuse(/past/, 'handle', 'badr', {message: oldest.message});
});

// Leaf 1 is unmerged at its grandparent and at the root, leaf 6 at the root only.
test('a tree with other unmerged leaves at the root than below', async () => {
  const group = await Group.of('m0', 'm1', 'm2', 'm3', 'm4', 'm5');
  for (const name of group.names) await group.commit(name);
  await group.commit('m0', {removes: [1]});
  await group.commit('m4');
  await group.add('m0', ['m1 again']);
  await group.add('m0', ['m6']);
  for (const name of group.names) await group.commit(name);
});

test('the commit secret where half of the tree is empty', async () => {
  const {kdf} = suite;
  const secret = new Uint8Array(32).fill(7);
  const [leaf, parent] = [{nodeType: 'leaf'}, {nodeType: 'parent'}];
  const half = [undefined, undefined, undefined, undefined, leaf, parent, leaf];
  const full = [leaf, undefined, leaf, parent, leaf, parent, leaf];
  const once = await deriveSecret(secret, 'path', kdf);
  assert.deepEqual(await getCommitSecret(half, 5, secret, kdf), once);
  assert.deepEqual(await getCommitSecret(full, 3, secret, kdf), once);
  const twice = await deriveSecret(once, 'path', kdf);
  assert.deepEqual(await getCommitSecret(full, 5, secret, kdf), twice);

  const group = await Group.of('m0', 'm1', 'm2', 'm3');
  for (const name of group.names) await group.commit(name);
  await group.commit('m2', {removes: [0, 1]});
  await group.commit('m3');
});

test('fifteen members come and go', async () => {
  const names = Array.from({length: 15}, (_, i) => `m${i}`);
  const group = await Group.of(...names);
  for (const name of names.filter((_, i) => i % 3 === 0)) await group.commit(name);
  await group.commit('m7', {removes: [0, 3, 6, 9, 14]});
  await group.commit('m1', {public: true});
  await group.add('m13', ['n0', 'n1']);
  await group.commit('n1', {removes: [1, 2]});
  await group.add('n0', ['n2']);
  for (const name of group.names) await group.commit(name);
  for (const name of group.names) await group.talk(name);
  assert.equal((await group.agree()).members.length, 11);
});

const shared = process.env.AMANA_SHARED ?? new URL('../../../../shared', import.meta.url).pathname;

for (const name of ['welcome', 'handling-commit']) {
  const file = `${shared}/vectors/mls/passive-client-${name}.json`;
  const skip = existsSync(file) ? false : `no ${file}`;
  test(`official vectors verify: passive-client-${name}`, {skip}, async () => {
    const all = JSON.parse(readFileSync(file, 'utf8'));
    const ours = all.filter(({cipher_suite: id}) => id === 3);
    assert.notEqual(ours.length, 0);
    for (const vector of ours) {
      const {epoch_authenticators: authenticators} = await ask('verify', 'passive', {vector});
      const expected = vector.epochs.map((epoch) => epoch.epoch_authenticator);
      assert.deepEqual(authenticators, [vector.initial_epoch_authenticator, ...expected]);
    }
  });
}

test('whatever comes in, an answer goes out', async () => {
  for (const line of ['', 'garbage', '{', '[]', 'null', '7', '{"cmd":"constructor"}', '{"id":5}']) {
    assert.equal(typeof (await answerTo(line)).error, 'string', line);
  }
  assert.equal((await answerTo('{"id":"x","cmd":"none"}')).id, 'x');
  const group = await Group.of('anna', 'badr');
  await group.refuse(/lower-case hex/, 'encrypt', 'anna', {plaintext: 'AB'});
  await group.refuse(/lower-case hex/, 'encrypt', 'anna', {plaintext: 'abc'});
  await group.refuse(/lower-case hex/, 'encrypt', 'anna');
  await group.refuse(/leaf index/, 'commit', 'anna', {removes: [-1]});
  await group.refuse(/empty leaf/, 'commit', 'anna', {removes: [99]});
  await group.refuse(/no proposal/, 'propose', 'anna', {type: 'toString'});
  await group.refuse(/Error/, 'load', 'anna', {state: '0102'});
  const {message} = await group.ask('encrypt', 'anna', {plaintext: '00'});
  await group.refuse(/left over/, 'handle', 'badr', {message: `${message}00`});
  for (let i = 0; i < message.length; i += 16) {
    await group.refuse(/Error/, 'handle', 'badr', {message: message.slice(0, i)});
    const flipped = (parseInt(message[i], 16) ^ 1).toString(16);
    const changed = message.slice(0, i) + flipped + message.slice(i + 1);
    await group.refuse(/Error/, 'handle', 'badr', {message: changed});
  }
  // Two failures at once inside ts-mls.
  const past = {not_before: 1, not_after: 2};
  const adds = [await group.keyPackage('chen', past), await group.keyPackage('dina', past)];
  await group.refuse(/Lifetime/, 'commit', 'anna', {adds});
  assert.equal((await group.ask('handle', 'badr', {message})).plaintext, '00');
});

test('requests that arrive together are answered in order', async () => {
  const group = await Group.of('anna', 'badr');
  const ids = Array.from({length: 50}, (_, i) => `id ${i}`);
  const member = `${group.prefix}anna`;
  const request = (id) => JSON.stringify({id, cmd: 'encrypt', member, plaintext: toHex(id)});
  peer.stdin.write(ids.map((id) => `${request(id)}\n`).join(''));
  const messages = [];
  for (const id of ids) {
    const answer = JSON.parse((await lines.next()).value);
    assert.equal(answer.id, id);
    messages.push(answer.message);
  }
  for (const [i, message] of messages.entries()) {
    assert.equal((await group.ask('handle', 'badr', {message})).plaintext, toHex(ids[i]));
  }
});
