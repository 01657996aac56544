// Makes certificates: an authority that signs itself, and serving certificates that it signs. Keys are Node's, RSA because
// that is what forge can sign with; signing is forge's, which Node cannot do.
import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { BACKDATED_MS } from './certificate.ts';

export interface Signed {
  readonly certificate: string;
  readonly key: string;
}

const DAY_MS = 24 * 3600_000;
const AUTHORITY_DAYS = 2 * 365;
const SERVING_DAYS = 90;

export const signAuthority = async (now: number): Promise<Signed> => {
  const { publicKey, privateKey } = await makeKeys();
  // Unique, so that an authority and the one before it are told apart by name as well.
  const name = [{ name: 'commonName', value: `berth-log-api-ca-${randomBytes(4).toString('hex')}` }];
  const certificate = begin(publicKey, now, AUTHORITY_DAYS);
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return finish(certificate, privateKey, privateKey);
};

/** `names`: the DNS names it is for, the first its common name as well. */
export const signServing = async (authority: Signed, names: readonly string[], now: number): Promise<Signed> => {
  const { publicKey, privateKey } = await makeKeys();
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const certificate = begin(publicKey, now, SERVING_DAYS);
  certificate.setSubject([{ name: 'commonName', value: (names[0] ?? '').slice(0, 64) }]);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    // A replica shows it to the leader when it forwards: as a client.
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ]);
  return finish(certificate, privateKey, authority.key);
};

const makeKeys = () =>
  promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });

const begin = (publicKey: string, now: number, days: number): forge.pki.Certificate => {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // Positive, as a first byte below 0x80 says.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(now - BACKDATED_MS);
  certificate.validity.notAfter = new Date(now + days * DAY_MS);
  return certificate;
};

const finish = (certificate: forge.pki.Certificate, key: string, signingKey: string): Signed => {
  certificate.sign(forge.pki.privateKeyFromPem(signingKey), forge.md.sha256.create());
  return { certificate: pem(forge.pki.certificateToPem(certificate)), key: pem(key) };
};

const pem = (text: string): string => text.replaceAll('\r\n', '\n');
