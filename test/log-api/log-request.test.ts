// What a path and its query ask for, and the documents by which clients find it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { discoveryDocument } from '../../controller/log-api/discovery.ts';
import { parseLogRequest } from '../../controller/log-api/log-request.ts';

const test = suite('log request');
const parse = (rest: string) => parseLogRequest(new URL(`https://host/apis/output.berth.dev/v1alpha1/namespaces/${rest}`));
const all = { key: { namespace: 'a', name: 'b' }, offset: 0, skip: 0, limit: undefined, follow: false };

const asked: readonly (readonly [string, object])[] = [
  ['a/sessions/b/log', all],
  ['a/sessions/b/log?offset=&limit=', all],
  ['a/sessions/b/log?offset=12&skip=3&limit=0&follow=true', { ...all, offset: 12, skip: 3, limit: 0, follow: true }],
  ['a/sessions/b/log?follow', { ...all, follow: true }],
  ['a/sessions/b/log?follow=1', { ...all, follow: true }],
  ['a/sessions/b/log?follow=false', all],
  ['a/sessions/sess-20251202-083022-a1b/log', { ...all, key: { namespace: 'a', name: 'sess-20251202-083022-a1b' } }],
];
for (const [path, expected] of asked) test(`takes ${path}`, () => assert.equal(parse(path), expected));

const refused: readonly (readonly [string, number, string])[] = [
  ['a/sessions/b', 404, 'the server could not find the requested resource'],
  ['a/vms/b/log', 404, 'the server could not find the requested resource'],
  ['a/sessions/..%2f..%2fb/log', 404, 'the server could not find the requested resource'],
  ['A/sessions/b/log', 404, 'the server could not find the requested resource'],
  ['a/sessions/b/log?offset=-1', 400, 'offset is "-1", not a number of bytes'],
  ['a/sessions/b/log?skip=x', 400, 'skip is "x", not a number of bytes'],
  ['a/sessions/b/log?limit=1e3', 400, 'limit is "1e3", not a number of bytes'],
  ['a/sessions/b/log?follow=yes', 400, 'follow is "yes", not true or false'],
];
for (const [path, code, message] of refused) {
  test(`refuses ${path}`, () => {
    const { session: _, ...refusal } = parse(path) as { readonly session?: string };
    assert.equal(refusal, { code, message });
  });
}

test('the API is found from the root, the group and the version, with or without a slash at the end', () => {
  assert.match(JSON.stringify(discoveryDocument('/apis')), /"kind":"APIGroupList".*"output.berth.dev\/v1alpha1"/);
  assert.match(JSON.stringify(discoveryDocument('/apis/output.berth.dev/')), /"kind":"APIGroup".*"preferredVersion"/);
  assert.match(
    JSON.stringify(discoveryDocument('/apis/output.berth.dev/v1alpha1')),
    /"name":"sessions\/log".*"namespaced":true.*"verbs":\["get"\]/,
  );
  for (const path of ['/', '/openapi/v2', '/openapi/v3', '/apis/berth.dev', '/constructor']) assert.is(discoveryDocument(path), undefined);
});

test.run();
