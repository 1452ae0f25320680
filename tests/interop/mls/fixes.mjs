// Lines of ts-mls 1.6.4 that leave RFC 9420, mended while node loads them: a group whose members
// change soon meets them. Its other faults concern what we do not send (README.md).
const FIXES = {
  'ts-mls/dist/src/clientState.js': [
    // §12.4.3.1: an unmerged leaf is listed by every non-blank node between it and a node that
    // lists it. ts-mls wants equal lists all along the leaf's direct path, and so refuses many
    // valid trees to joiners (marmot-protocol/marmot-ts#57).
    [
      '!arraysEqual(dpNode.parent.unmergedLeaves, n.parent.unmergedLeaves)',
      'dp.indexOf(parentIdx) < dp.indexOf(i) && !dpNode.parent.unmergedLeaves.includes(leafIndex)',
    ],
    // §12.4.2: a removed member is out, also where the same commit gives its leaf to a new one.
    [
      'mutatedTree[leafToNodeIndex(toLeafIndex(state.privatePath.leafIndex))] === undefined',
      'grouped.remove.some((r) => r.proposal.remove.removed === state.privatePath.leafIndex)',
    ],
  ],
  'ts-mls/dist/src/createCommit.js': [
    // §12.4.3.2: external_pub holds an HPKEPublicKey, which is a vector itself; ts-mls leaves out
    // its length, and reads none (LukaJCB/ts-mls#449).
    [
      '[...extensions, { extensionType: "external_pub", extensionData: externalPub }]',
      '[...extensions, { extensionType: "external_pub", ' +
        'extensionData: Uint8Array.of(externalPub.length, ...externalPub) }]',
    ],
    [
      '{ extensionType: "external_pub", extensionData: externalPub },',
      '{ extensionType: "external_pub", ' +
        'extensionData: Uint8Array.of(externalPub.length, ...externalPub) },',
    ],
    ['exportSecret(externalPub.extensionData, cs)', 'exportSecret(externalPub.extensionData.slice(1), cs)'],
  ],
  'ts-mls/dist/src/processMessages.js': [
    // §12.1.7: new extensions replace the old ones, also where there are none among them; ts-mls
    // keeps the old ones then.
    [
      'result.additionalResult.extensions.length > 0',
      'result.allProposals.some((p) => p.proposal.proposalType === "group_context_extensions")',
    ],
  ],
  'ts-mls/dist/src/pathSecrets.js': [
    // §12.4.2: commit_secret is one step past the last path secret. Where the other half of the
    // tree is empty the root has no path secret (mlswg/mls-protocol#690); ts-mls takes two steps.
    [
      'const nextSecret = await',
      'const nextSecret = tree[nextIndex] === undefined ? pathSecrets[currentIndex] : await',
    ],
  ],
};

export async function load(url, context, nextLoad) {
  const module = await nextLoad(url, context);
  const file = Object.keys(FIXES).find((each) => url.endsWith(`/node_modules/${each}`));
  if (!file) return module;
  let source = String(module.source);
  for (const [wrong, right] of FIXES[file]) {
    const parts = source.split(wrong);
    if (parts.length !== 2) throw new Error(`${file} is not that of ts-mls 1.6.4`);
    source = parts.join(right);
  }
  return {...module, source};
}
