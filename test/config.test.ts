import { homedir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig } from '../controller/config.ts';

const test = suite('config');
const refusal = (...args: Parameters<typeof readConfig>): string => {
  try {
    readConfig(...args);
  } catch (error) {
    return String(error);
  }
  return 'none';
};

test('told nothing, it is a directory of its own, no server, and a week of logs', () => {
  const config = readConfig({}, {});
  assert.is(config.store, `dir:${join(homedir(), '.local', 'share', 'berth')}`);
  assert.is(config.stateHome, join(homedir(), '.local', 'state', 'berth'));
  assert.equal([config.http, config.writeStatus, config.state, config.logLevel], [undefined, undefined, undefined, 'info']);
  assert.is(config.retentionMs, 7 * 24 * 3600_000);
  assert.equal([config.directory, config.holder.pid], [process.cwd(), process.pid]);
  assert.is(readConfig().environment, process.env);
});

test('options come before the environment, and that before the defaults', () => {
  const environment = { BERTH_STORE: 'dir:/b', BERTH_HTTP_ADDRESS: '8080', XDG_DATA_HOME: '/data', XDG_STATE_HOME: '/state' };
  assert.is(readConfig({}, environment).store, 'dir:/b');
  assert.is(readConfig({ store: 'dir:/a' }, environment).store, 'dir:/a');
  assert.is(readConfig({}, { XDG_DATA_HOME: '/data' }).store, 'dir:/data/berth');
  assert.is(readConfig({}, environment).stateHome, '/state/berth');
  assert.equal(readConfig({}, environment).http, { host: '127.0.0.1', port: 8080 });
  assert.equal(readConfig({ httpAddress: '[::1]:80' }, environment).http, { host: '::1', port: 80 });
  assert.equal(readConfig({ httpAddress: ':80' }, {}).http, { host: '127.0.0.1', port: 80 });
  assert.is(readConfig({ httpAddress: '' }, {}).http, undefined);
  assert.is(readConfig({}, {}).logApi, undefined);
  assert.equal(readConfig({}, { BERTH_LOG_API: '127.0.0.1:8443' }).logApi, {
    host: '127.0.0.1',
    port: 8443,
    ownHost: '127.0.0.1',
    certificates: undefined,
  });
  for (const any of ['0.0.0.0', '[::]'])
    assert.is(readConfig({ logApi: `${any}:1` }, {}).logApi?.ownHost, undefined, 'everywhere is nowhere');
  const inPod = { BERTH_POD_IP: '10.0.0.7', BERTH_LOG_API_CERTIFICATES: '/tls' };
  assert.equal(readConfig({ logApi: '8443' }, inPod).logApi, { host: undefined, port: 8443, ownHost: '10.0.0.7', certificates: '/tls' });
  const told = readConfig({ writeStatus: 'never', retentionMs: 1, state: '/s' }, { BERTH_LOG_LEVEL: 'debug' });
  assert.equal([told.writeStatus, told.retentionMs, told.state, told.logLevel], ['never', 1, '/s', 'debug']);
  assert.is(readConfig({ writeStatus: '' }, {}).writeStatus, undefined);
});

test('what makes no sense is refused by name, with what it may be', () => {
  assert.match(refusal({ writeStatus: 'often' }, {}), '--write-status is "often"; it may be inline or never');
  assert.match(refusal({}, { BERTH_LOG_LEVEL: 'loud' }), 'BERTH_LOG_LEVEL is "loud"; it may be debug or info or warn or error');
  assert.match(refusal({ httpAddress: 'here' }, {}), 'the HTTP address "here" is not [HOST:]PORT');
  assert.match(refusal({ logApi: 'x:y' }, {}), 'the address of the log API "x:y" is not [HOST:]PORT, for example 8443');
  assert.match(refusal({ httpAddress: '70000' }, {}), '"70000" is not [HOST:]PORT');
});

test.run();
