// What the real SDK and the fake say to each other, held to Azure's own published schema of Compute. The schema is not part of the
// repository: without the folder beside it the test says that it was skipped.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ComputeManagementClient } from '@azure/arm-compute';
import { LiveValidator } from 'oav';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../runner/skip.ts';
import { createFakeWorld, FAST, type FakeWorld, RG } from './fake-world.ts';

const SPECIFICATION = resolve(import.meta.dirname, '../../../shared/azure-data/oav-spec');
const skipped = existsSync(SPECIFICATION) ? undefined : 'there is no ../shared/azure-data beside the repository';
/** Of the specification at hand; what the SDK asks for is newer. */
const VERSION = '2021-11-01';
/** Differences that are the specification's: what Azure added later, and marks that oav's tests put into their copy of it. */
const DRIFT: Readonly<Record<string, RegExp>> = {
  OBJECT_ADDITIONAL_PROPERTIES: /\/(etag|diskControllerType)$|\/(networkInterfaceConfigurations\/0|publicIPAddressConfiguration)\/tags$/,
  READONLY_PROPERTY_NOT_ALLOWED_IN_REQUEST: /\/(imageReference\/sku|osProfile\/computerName|osProfile\/customData)$/,
  WRITEONLY_PROPERTY_NOT_ALLOWED_IN_RESPONSE: /\/(imageReference\/publisher|osProfile\/adminUsername)$/,
};

interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Record<string, unknown>;
  readonly status: number;
  readonly answerHeaders: Record<string, string>;
  readonly answer: Record<string, unknown>;
}

const declare = (): void => {
  const test = suite('fake Azure: contract');
  let world: FakeWorld;
  const exchanges: Exchange[] = [];

  test.before(async () => {
    world = await createFakeWorld();
  });
  test.after(() => world.fake.stop());

  test('validates everything that was said about machines and usages, without one error', async () => {
    const { fake, body } = world;
    const tap = {
      name: 'tap',
      sendRequest: async (request: never, next: (request: never) => Promise<never>) => {
        const {
          method,
          url,
          headers,
          body: sent,
        } = request as { method: string; url: string; headers: { toJSON(): Record<string, string> }; body?: string };
        const response = await next(request);
        const {
          status,
          headers: answered,
          bodyAsText,
        } = response as { status: number; headers: { toJSON(): Record<string, string> }; bodyAsText?: string };
        exchanges.push({
          method,
          url,
          headers: headers.toJSON(),
          body: JSON.parse(sent ?? '{}'),
          status,
          answerHeaders: answered.toJSON(),
          answer: JSON.parse(bodyAsText || '{}'),
        });
        return response;
      },
    };
    const compute = new ComputeManagementClient(fake.credential, fake.subscription, {
      ...fake.clientOptions,
      retryOptions: { maxRetries: 0 },
      additionalPolicies: [{ position: 'perCall', policy: tap as never }],
    });
    await everything(compute, body, fake.control);
    const validator = new LiveValidator({
      directory: SPECIFICATION,
      git: { shouldClone: false, url: '' },
      swaggerPathsPattern: ['specification/compute/**/*.json'],
      isPathCaseSensitive: false,
    });
    await validator.initialize();
    const compared = exchanges.filter(({ url }) => /\/virtualMachines|\/usages/i.test(url) && !/\/operations\//.test(url));
    const problems: string[] = [];
    for (const exchange of compared) problems.push(...(await validate(validator, exchange)));
    assert.equal(problems, []);
    console.log(`${compared.length} exchanges validated: ${[...new Set(compared.map(kindOf))].sort().join(', ')}`);
    assert.ok(compared.length >= 25);
  });

  test('sees what is wrong: a wrong type, a missing location, an unknown path', async () => {
    const validator = new LiveValidator({
      directory: SPECIFICATION,
      git: { shouldClone: false, url: '' },
      swaggerPathsPattern: ['specification/compute/**/*.json'],
      isPathCaseSensitive: false,
    });
    await validator.initialize();
    const put = exchanges.find(({ method, status }) => method === 'PUT' && status === 201);
    assert.ok(put);
    if (!put) return;
    assert.ok((await validate(validator, { ...put, answer: { ...put.answer, location: 7 } })).length > 0);
    const { location: _, ...placeless } = put.body;
    assert.ok((await validate(validator, { ...put, body: placeless })).length > 0);
    assert.ok((await validate(validator, { ...put, url: put.url.replace('virtualMachines', 'virtualMachinez') })).length > 0);
  });

  test.run();
};

const everything = async (
  compute: ComputeManagementClient,
  body: FakeWorld['body'],
  control: FakeWorld['fake']['control'],
): Promise<void> => {
  const { virtualMachines: vms } = compute;
  const refused = async (work: Promise<unknown>): Promise<void> => {
    await work.then(
      () => assert.unreachable('it was to be refused'),
      () => undefined,
    );
  };
  await refused(vms.get(RG, 'one'));
  await vms.createOrUpdate(RG, 'one', body('one', { zones: ['1'], diagnosticsProfile: { bootDiagnostics: { enabled: true } } }), {
    ...FAST,
    ifNoneMatch: '*',
  });
  await vms.createOrUpdate(
    RG,
    'spot',
    body('spot', { priority: 'Spot', evictionPolicy: 'Deallocate', billingProfile: { maxPrice: -1 } }),
    FAST,
  );
  await refused(vms.createOrUpdate(RG, 'one', body('one', { zones: ['2'] }), FAST));
  await vms.createOrUpdate(RG, 'one', body('one', { zones: ['1'] }), FAST);
  await vms.update(RG, 'one', { tags: { a: 'b' } }, FAST);
  await vms.get(RG, 'one', { expand: 'instanceView' });
  await vms.instanceView(RG, 'one');
  await vms.retrieveBootDiagnosticsData(RG, 'one');
  await vms.simulateEviction(RG, 'spot');
  await vms.powerOff(RG, 'one', FAST);
  await vms.deallocate(RG, 'one', FAST);
  await vms.start(RG, 'one', FAST);
  await vms.restart(RG, 'one', FAST);
  await vms.redeploy(RG, 'one', FAST);
  await vms.reapply(RG, 'one', FAST);
  await control.tell({ kind: 'capacity', region: 'westus3', left: 0 });
  await refused(vms.createOrUpdate(RG, 'full', body('full'), FAST));
  await vms.get(RG, 'full', { expand: 'instanceView' });
  await control.tell({ kind: 'quota', region: 'westus3', of: 'cores', limit: 1 });
  await refused(vms.createOrUpdate(RG, 'over', body('over'), FAST));
  await control.rule({ match: { method: 'GET' }, fault: { kind: 'throttle', retryAfter: 1, wrapped: true }, times: 1 });
  await refused(vms.get(RG, 'one'));
  for await (const _ of vms.list(RG));
  for await (const _ of vms.list(RG, { expand: 'instanceView' }));
  for await (const _ of vms.listAll({ statusOnly: 'true' }));
  for await (const _ of vms.listByLocation('westus3'));
  for await (const _ of compute.usage.list('westus3'));
  await vms.delete(RG, 'full', FAST);
  await vms.delete(RG, 'one', { ...FAST, forceDeletion: true });
  await vms.delete(RG, 'one', FAST);
};

/** The validator's own failures, such as a path it does not know, come without errors: they count as one. */
const validate = async (validator: LiveValidator, exchange: Exchange): Promise<readonly string[]> => {
  const url = new URL(exchange.url);
  url.searchParams.set('api-version', VERSION);
  const { requestValidationResult: request, responseValidationResult: response } = await validator.validateLiveRequestResponse({
    liveRequest: { method: exchange.method, url: url.pathname + url.search, headers: exchange.headers, body: exchange.body },
    liveResponse: { statusCode: String(exchange.status), headers: exchange.answerHeaders, body: exchange.answer },
  });
  return [request, response].flatMap(({ isSuccessful, errors, runtimeException }) => {
    const real = errors.filter(({ code, pathsInPayload }) => !pathsInPayload.every((path) => DRIFT[code]?.test(path)));
    if (runtimeException) return [`${kindOf(exchange)}: ${runtimeException.code} ${runtimeException.message}`];
    if (isSuccessful !== true && errors.length === 0) return [`${kindOf(exchange)}: not successful`];
    return real.map(({ code, message, pathsInPayload }) => `${kindOf(exchange)}: ${code} ${message} ${pathsInPayload.join(' ')}`);
  });
};

const kindOf = ({ method, url, status }: Exchange): string => {
  const [, action = ''] = /virtualMachines\/[^/]+\/(\w+)$/.exec(new URL(url).pathname) ?? [];
  const what = /usages/.test(url) ? 'usages' : action || (/virtualMachines$/.test(new URL(url).pathname) ? 'list' : 'vm');
  return `${method} ${what} ${status}`;
};

if (skipped === undefined) declare();
else skip('fake Azure: contract', skipped);
