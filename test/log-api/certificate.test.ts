// The serving certificate: made once for all replicas, renewed in time, and never faster than the API servers hear of it.
import { X509Certificate } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isValid, type Material, nextStep } from '../../controller/log-api/certificate.ts';
import { certificatesOf, keepServingSecret } from '../../controller/log-api/serving-secret.ts';
import { signAuthority, signServing } from '../../controller/log-api/sign.ts';
import { refused, startApiServer } from '../fakes/api-server.ts';

const test = suite('serving certificate');
const NOW = Date.parse('2026-03-01T00:00:00Z');
const HOUR = 3600_000;
const DAY = 24 * HOUR;
const NAMES = ['berth-log-api.ns.svc', 'berth-log-api.ns.svc.cluster.local'];
const PATH = '/api/v1/namespaces/ns/secrets/berth-log-api-tls';

const authority = await signAuthority(NOW);
const serving = await signServing(authority, NAMES, NOW);
const material: Material = { authorities: [authority.certificate], authorityKey: authority.key, ...serving };

test('a certificate is signed by its authority, for its names, as server and as client', () => {
  const certificate = new X509Certificate(serving.certificate);
  const ca = new X509Certificate(authority.certificate);
  assert.ok(ca.ca && !certificate.ca);
  assert.ok(certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
  assert.is(certificate.subjectAltName, 'DNS:berth-log-api.ns.svc, DNS:berth-log-api.ns.svc.cluster.local');
  assert.equal(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  assert.not.match(serving.certificate + serving.key, /\r/);
});

test('nothing is renewed before two thirds of its time are over', () => {
  for (const days of [0, 1, 59]) assert.is(nextStep(material, NAMES, NOW + days * DAY), undefined);
});

test('a serving certificate is renewed with a third of its time left, and for other names', () => {
  assert.is(nextStep(material, NAMES, NOW + 61 * DAY), 'certificate');
  assert.is(nextStep(material, ['other.ns.svc'], NOW), 'certificate');
});

test('an authority is renewed first, and what it signs is served an hour later', async () => {
  const later = NOW + 500 * DAY;
  assert.is(nextStep(material, NAMES, later), 'authority');
  const next = await signAuthority(later);
  const fresh = await signServing(authority, NAMES, later);
  const both: Material = { authorities: [next.certificate, authority.certificate], authorityKey: next.key, ...fresh };
  assert.is(nextStep(both, NAMES, later + HOUR / 2), undefined);
  assert.is(nextStep(both, NAMES, later + HOUR), 'certificate');
  const done = { ...both, ...(await signServing(next, NAMES, later)) };
  assert.is(nextStep(done, NAMES, later + HOUR), undefined);
  assert.equal([isValid(authority.certificate, later), isValid(authority.certificate, NOW + 731 * DAY)], [true, false]);
});

test('replicas share one: who comes second takes what the first one made', async () => {
  const server = await startApiServer();
  const keep = (now: number) => keepServingSecret({ api: server.api, namespace: 'ns', names: NAMES, now });
  const [one, two] = await Promise.all([keep(NOW), keep(NOW)]);
  assert.equal(one, two);
  assert.is(server.objects.size, 1);
  const writes = server.asked.length;
  assert.equal(await keep(NOW + DAY), one);
  assert.equal(
    server.asked.slice(writes).map(({ method }) => method),
    ['GET'],
  );

  const renewed = await keep(NOW + 70 * DAY);
  assert.is(renewed.authorityKey, one.authorityKey);
  assert.is.not(renewed.certificate, one.certificate);
  const announced = await keep(NOW + 500 * DAY);
  assert.equal(announced.authorities.slice(1), one.authorities);
  assert.is(announced.certificate, renewed.certificate);
  const switched = await keep(NOW + 500 * DAY + HOUR);
  assert.ok(new X509Certificate(switched.certificate).checkIssued(new X509Certificate(announced.authorities[0] ?? '')));
  const alone = await keep(NOW + 740 * DAY);
  assert.is(alone.authorities.length, 1, 'the first authority has ended, and is told of no more');
  await server.close();
});

test('a secret that was emptied or mixed up is made anew', async () => {
  const server = await startApiServer();
  const keep = () => keepServingSecret({ api: server.api, namespace: 'ns', names: NAMES, now: NOW });
  const first = await keep();
  for (const data of [{ 'tls.key': Buffer.from(first.authorityKey).toString('base64') }, { 'tls.crt': '' }, { 'ca.key': 'x' }]) {
    await server.api.send({ doing: 'spoil', method: 'PATCH', path: PATH, type: 'application/merge-patch+json', body: { data } });
    const made = await keep();
    assert.is.not(made.certificate, first.certificate);
    assert.is(nextStep(made, NAMES, NOW), undefined);
  }
  await server.close();
});

test('a refusal to read or to write is told', async () => {
  const server = await startApiServer();
  const keep = () => keepServingSecret({ api: server.api, namespace: 'ns', names: NAMES, now: NOW });
  const refuse = async (method: string, status: number, reason: string) => {
    server.fault = (asked) => (asked.method === method ? refused(status, reason) : undefined);
    return keep().then(
      () => '',
      (error: Error) => error.message,
    );
  };
  assert.match(await refuse('GET', 403, 'Forbidden'), 'cannot read secret ns/berth-log-api-tls: Forbidden it is');
  assert.match(await refuse('POST', 403, 'Forbidden'), 'cannot write secret ns/berth-log-api-tls: Forbidden it is');
  assert.match(await refuse('POST', 409, 'Conflict'), 'cannot write secret ns/berth-log-api-tls: Conflict it is');
  await server.close();
});

test('certificates are told apart in one file', () => {
  assert.equal(certificatesOf(`${authority.certificate.trimEnd()}\n${serving.certificate}`), [authority.certificate, serving.certificate]);
  assert.equal(certificatesOf(authority.certificate.trimEnd()), [authority.certificate]);
});

test.run();
