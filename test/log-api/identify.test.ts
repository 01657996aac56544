// Who is believed to speak for whom.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { identify, type Peer } from '../../controller/log-api/identify.ts';
import { parseTrust } from '../../controller/log-api/trust.ts';

const test = suite('identify');
const trust = parseTrust({
  'requestheader-client-ca-file': 'PEM',
  'requestheader-allowed-names': '["front-proxy-client"]',
  'requestheader-username-headers': '["X-Remote-User","X-Other-User"]',
  'requestheader-uid-headers': '["X-Remote-Uid"]',
  'requestheader-group-headers': '["X-Remote-Group"]',
  'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
});
const proxy: Peer = { isTrusted: true, commonName: 'front-proxy-client', fingerprint: 'AA' };
const none: ReadonlySet<string> = new Set();
const headers = { 'x-remote-user': ['alice'] };

test('the API server speaks for its users, with all that is known of them', () => {
  const all = {
    'x-remote-user': ['alice'],
    'x-remote-uid': ['u-1'],
    'x-remote-group': ['devs', 'ops'],
    'x-remote-extra-scopes': ['a', 'b'],
    'x-remote-extra-example.com%2fteam': ['red'],
    'x-remote-extra-%zz': ['as it is'],
    'x-other': ['y'],
    'x-remote-extra-empty': undefined,
  };
  assert.equal(identify(proxy, all, trust, none), {
    type: 'user',
    user: {
      user: 'alice',
      uid: 'u-1',
      groups: ['devs', 'ops'],
      extra: { scopes: ['a', 'b'], 'example.com/team': ['red'], '%zz': ['as it is'], empty: [] },
    },
  });
});

test('the first header that is there names the user', () => {
  const caller = identify(proxy, { 'x-remote-user': [''], 'x-other-user': ['bob'] }, trust, none);
  assert.equal(caller, { type: 'user', user: { user: 'bob', groups: [], extra: {} } });
});

test('a replica is who has the key of our own certificate', () => {
  assert.equal(identify({ isTrusted: false, commonName: 'x', fingerprint: 'BB' }, {}, trust, new Set(['BB'])), { type: 'replica' });
});

const refusals: readonly (readonly [string, Peer, Readonly<Record<string, readonly string[]>>, RegExp])[] = [
  ['no certificate', { isTrusted: false, commonName: undefined, fingerprint: undefined }, headers, /^no client certificate/],
  ['a certificate of another authority', { ...proxy, isTrusted: false }, headers, /is not of the request-header CA$/],
  ['a name that is not allowed', { ...proxy, commonName: 'kubelet' }, headers, /name "kubelet" is not among those allowed$/],
  ['no name at all', { ...proxy, commonName: undefined }, headers, /name "" is not among/],
  ['no user', proxy, {}, /^no user: none of the headers x-remote-user, x-other-user$/],
];
for (const [what, peer, sent, why] of refusals) {
  test(`${what} is nobody`, () => {
    const caller = identify(peer, sent, trust, none);
    assert.is(caller.type, 'unknown');
    assert.match(caller.type === 'unknown' ? caller.why : '', why);
  });
}

test('any name will do where the cluster names none', () => {
  assert.is(identify({ ...proxy, commonName: 'whoever' }, headers, { ...trust, allowedNames: [] }, none).type, 'user');
});

test('a cluster without an aggregation layer is refused, and so is nonsense', () => {
  assert.throws(() => parseTrust({}), /has no requestheader-client-ca-file/);
  for (const nonsense of ['here', '{}', '[1]'])
    assert.throws(
      () => parseTrust({ 'requestheader-client-ca-file': 'PEM', 'requestheader-allowed-names': nonsense }),
      /requestheader-allowed-names is .*, not a list of names/,
    );
  const { allowedNames, uidHeaders } = parseTrust({ 'requestheader-client-ca-file': 'PEM', 'requestheader-uid-headers': '' });
  assert.equal([allowedNames, uidHeaders], [[], []]);
});

test.run();
