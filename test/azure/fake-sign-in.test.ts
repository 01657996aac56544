// Signing in to the fake with the real identity library, and what Azure allows in a minute.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ComputeManagementClient } from '@azure/arm-compute';
import { ResourceManagementClient } from '@azure/arm-resources';
import { ClientSecretCredential, WorkloadIdentityCredential } from '@azure/identity';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createFakeWorld, type FakeWorld, RG } from './fake-world.ts';

const test = suite('fake Azure: sign-in and throttling');
let world: FakeWorld;

test.before(async () => {
  world = await createFakeWorld();
});
test.after(() => world.fake.stop());

const options = () => ({ authorityHost: world.fake.url, disableInstanceDiscovery: true, tlsOptions: { ca: world.fake.caPem } });
const said = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'ok';
  } catch (error) {
    const { statusCode, code, message } = error as { statusCode?: number; code?: string; message: string };
    return `${statusCode} ${code} ${message}`;
  }
};
const get = (compute: ComputeManagementClient) => said(compute.virtualMachines.get(RG, 'x'));

test('gives a token to a client with a secret, and to a workload with its file', async () => {
  const secret = new ClientSecretCredential('00000000-0000-0000-0000-00000000000a', 'client', 'secret', options());
  const compute = new ComputeManagementClient(secret, world.fake.subscription, world.fake.clientOptions);
  assert.match(await get(compute), /^404 ResourceNotFound/);
  const folder = mkdtempSync(join(tmpdir(), 'fake-sign-in-'));
  writeFileSync(join(folder, 'token'), 'assertion');
  const workload = new WorkloadIdentityCredential({
    tenantId: '00000000-0000-0000-0000-00000000000a',
    clientId: 'client',
    tokenFilePath: join(folder, 'token'),
    ...options(),
  });
  assert.match((await workload.getToken('https://management.azure.com/.default')).token, /^fake\./);
  rmSync(folder, { recursive: true });
});

test('refuses to sign in with the code it was told', async () => {
  await world.fake.control.tell({ kind: 'entra', code: '7000222' });
  const secret = new ClientSecretCredential('00000000-0000-0000-0000-00000000000b', 'client', 'secret', options());
  assert.match(
    await said(secret.getToken('https://management.azure.com/.default')),
    /AADSTS7000222: The provided client secret keys .* are expired/,
  );
  await world.fake.control.tell({ kind: 'entra' });
  assert.is(await said(secret.getToken('https://management.azure.com/.default')), 'ok');
});

test('refuses tokens that are missing, unknown or over, with a challenge', async () => {
  const token = await world.fake.control.token();
  const with_ = (value: string) =>
    new ComputeManagementClient(
      { getToken: async () => ({ token: value, expiresOnTimestamp: Date.now() + 3_600_000 }) },
      world.fake.subscription,
      world.fake.clientOptions,
    );
  assert.match(await get(with_(token)), /^404/);
  assert.match(await get(with_('made up')), /^401 InvalidAuthenticationToken/);
  await world.fake.control.tell({ kind: 'tokenExpire' });
  assert.match(await get(with_(token)), /^401 ExpiredAuthenticationToken The access token expiry UTC time '20/);
  const last = (await world.fake.control.requests()).at(-1);
  assert.match(last?.answerHeaders['WWW-Authenticate'] ?? '', /^Bearer /);
  assert.is(last?.headers.authorization, undefined);
});

test('says what is left, and refuses what is over it with the time to wait', async () => {
  const { fake, compute } = world;
  await world.create('busy');
  const before = (await fake.control.requests()).findLast(({ path }) => path.endsWith('/busy'));
  assert.match(before?.answerHeaders['x-ms-ratelimit-remaining-resource'] ?? '', /^Microsoft.Compute\/GetVM;24000$/);
  assert.is(before?.answerHeaders['x-ms-ratelimit-remaining-subscription-reads'], '250');
  await fake.control.settings({ throttling: true });
  const answers = await Promise.all(Array.from({ length: 40 }, () => said(compute.virtualMachines.get(RG, 'busy'))));
  assert.is(answers.filter((answer) => answer === 'ok').length, 36);
  assert.match(answers.find((answer) => answer !== 'ok') ?? '', /^429 OperationNotAllowed/);
  const refused = (await fake.control.requests()).findLast(({ status }) => status === 429);
  assert.is(refused?.retryAfter, 5);
  await fake.control.advance(5_000);
  assert.is(await said(compute.virtualMachines.get(RG, 'busy')), 'ok');
  await fake.control.settings({ rate: 0 });
  const lists = await Promise.all(
    Array.from({ length: 260 }, () =>
      said(
        (async () => {
          for await (const _ of compute.virtualMachines.listAll()) break;
        })(),
      ),
    ),
  );
  assert.ok(lists.some((answer) => /^429 SubscriptionRequestsThrottled/.test(answer)));
  await fake.control.settings({ throttling: false, rate: 1 });
});

test('refuses versions and types that it does not know, in the words of Azure', async () => {
  const { fake } = world;
  // The world's own client still has the token that was ended above.
  const resources = new ResourceManagementClient(fake.credential, fake.subscription, fake.clientOptions);
  const id = `/subscriptions/${fake.subscription}/resourceGroups/${RG}/providers`;
  assert.match(
    await said(resources.resources.getById(`${id}/Microsoft.Compute/virtualMachines/busy`, '2000-01-01')),
    /^400 .*No registered resource provider found for API version '2000-01-01'/,
  );
  assert.match(
    await said(resources.resources.getById(`${id}/Microsoft.Nothing/things/x`, '2026-04-01')),
    /^404 .*The resource type could not be found/,
  );
  const other = new ComputeManagementClient(fake.credential, '00000000-0000-0000-0000-0000000000ff', fake.clientOptions);
  assert.match(await get(other), /^404 SubscriptionNotFound/);
});

test.run();
