// The fixture is what kubectl 1.32 read (`create --dry-run=client -o json`) for each text as the value of one field.
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readManifests } from '../../../controller/store/yaml/read-manifests.ts';

interface Recorded {
  readonly yaml: string;
  readonly value?: unknown;
  readonly error?: string;
}

const recorded = JSON.parse(readFileSync(new URL('../../fixtures/kubectl-scalars.json', import.meta.url), 'utf8')) as readonly Recorded[];

/** What kubectl reads and Berth refuses, with a message, because nobody means it. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  '!foo bar': /the tag !foo is not known/,
  '!!timestamp 2024-01-01': /the tag !!timestamp is not known/,
  '{1: a, 0x1: b}': /key "1" is already set/,
  '"multi\n  line"': /indentation/,
  "'a\n\n  b'": /indentation/,
  '\u2028': /U\+2028 breaks a line for kubectl/,
};

const test = suite('yaml: scalars as kubectl reads them');

for (const { yaml, value, error } of recorded) {
  test(JSON.stringify(yaml), () => {
    const read = readManifests(`spec:\n  v: ${yaml}\n`);
    const refused = REFUSED[yaml];
    if (refused) assert.match('problem' in read ? read.problem.message : '', refused);
    else if (error !== undefined) assert.ok('problem' in read, `kubectl refuses it: ${error}`);
    else assert.equal('documents' in read ? read.documents[0]?.value : read.problem, { spec: { v: value } });
  });
}

test.run();
