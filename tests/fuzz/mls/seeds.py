#!/usr/bin/env python3
"""seeds.py VECTORS CORPUS: what fuzzing begins with, from the official test vectors.

Writes CORPUS/decode and CORPUS/tree from them, and CORPUS/handle by itself: programs, which no vector is.
"""

import hashlib
import json
import pathlib
import random
import sys

# Longer ones slow the fuzzer down and say nothing new.
MAX_SIZE = 4096

# The place of each decoder in decode_fuzz.cc, and the fields of the vectors that are for it. Of bare proposals the
# vectors leave the type out.
DECODERS = {
    'mls_welcome': 0, 'mls_group_info': 0, 'mls_key_package': 0, 'public_message_application': 0,
    'public_message_proposal': 0, 'public_message_commit': 0, 'private_message': 0, 'welcome': 0, 'key_package': 0,
    'proposal_priv': 0, 'proposal_pub': 0, 'commit_priv': 0, 'commit_pub': 0, 'application_priv': 0,
    'group_secrets': 3, 'proposal': 6, 'commit': 7, 'ratchet_tree': 22, 'tree': 22, 'tree_before': 22,
    'authenticated_content': 10, 'update_path': 8,
}
PROPOSALS = ['add_proposal', 'update_proposal', 'remove_proposal', 'pre_shared_key_proposal', 're_init_proposal',
             'external_init_proposal', 'group_context_extensions_proposal']
PROPOSAL = 6
# What the structs inside of messages begin with there: the version, the wire format.
INNER = {3: 1, 4: 2, 5: 4, 1: 11, 2: 12}
HEADER = 4
# A length, and some operations of tree_fuzz.cc.
PROGRAMS = [bytes([0]), bytes([24, *(7 * i % 256 for i in range(24))])]

# Steps of handle_fuzz.cc, each to be followed by a member in front and whatever it reads.
SAY, PROPOSE, UPDATE, COMMIT, TELL_ALL, FORGE_COMMIT, FORGE_MESSAGE, TAMPER, OUTSIDE, ENTER = (
    0, 1, 2, 3, 6, 12, 13, 14, 16, 17)
HANDLE_PROGRAMS = 400


def programs():
    """Somebody sends something, and everybody gets it, some times over."""
    choose = random.Random(1)
    for _ in range(HANDLE_PROGRAMS):
        program = b''
        for _ in range(choose.randrange(1, 7)):
            step = choose.choice([SAY, PROPOSE, UPDATE, COMMIT, FORGE_COMMIT, FORGE_COMMIT, FORGE_MESSAGE, TAMPER,
                                  OUTSIDE, ENTER])
            program += bytes([choose.randrange(5), step]) + choose.randbytes(choose.randrange(4, 24))
            # More than once, because nobody knows here how much of it the step reads.
            program += bytes([0, TELL_ALL, 0] * 3)
        yield program


def fields(value, name=''):
    """All strings of a JSON value, with the names of the fields that they are in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from fields(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner, name)
    elif isinstance(value, str):
        yield name, value


def seeds(name, content):
    """(target, bytes) of one field."""
    if name in PROPOSALS:
        kind = PROPOSALS.index(name) + 1
        yield 'decode', bytes([PROPOSAL]) + kind.to_bytes(2, 'big') + content
    if name in DECODERS:
        decoder = DECODERS[name]
        yield 'decode', bytes([decoder]) + content
        if decoder == 0 and int.from_bytes(content[2:HEADER], 'big') in INNER:
            yield 'decode', bytes([INNER[int.from_bytes(content[2:HEADER], 'big')]]) + content[HEADER:]
        if decoder == 22:
            for program in PROGRAMS:
                yield 'tree', program + content


def main():
    vectors, corpus = map(pathlib.Path, sys.argv[1:3])

    def write(target, seed):
        (corpus / target / hashlib.sha1(seed).hexdigest()).write_bytes(seed)

    for target in ['decode', 'tree', 'handle']:
        (corpus / target).mkdir(parents=True, exist_ok=True)
    for program in programs():
        write('handle', program)
    for file in sorted(vectors.glob('*.json')):
        for name, text in fields(json.loads(file.read_text())):
            if name not in DECODERS and name not in PROPOSALS:
                continue
            for target, seed in seeds(name, bytes.fromhex(text)):
                if len(seed) <= MAX_SIZE:
                    write(target, seed)


if __name__ == '__main__':
    main()
