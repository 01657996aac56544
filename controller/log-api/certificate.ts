// The serving certificate and the authority that signed it: what they are made of, and what is to be renewed when.
import { X509Certificate } from 'node:crypto';

/** PEM throughout. */
export interface Material {
  /** Newest first; those before stay until they end, so that no API server that still trusts one of them is cut off. */
  readonly authorities: readonly string[];
  /** Of the newest authority. */
  readonly authorityKey: string;
  readonly certificate: string;
  readonly key: string;
}

export type Step = 'authority' | 'certificate';

const HOUR_MS = 3600_000;
/** Certificates are made valid from so long ago: the clocks of a cluster differ. */
export const BACKDATED_MS = HOUR_MS;
/** How long API servers are given to hear of a new authority before anything signed by it is served. */
const ANNOUNCED_MS = HOUR_MS;

/** What is to be made anew now; undefined when all is well. A renewal is due when a third of the time is left. */
export const nextStep = ({ authorities, certificate }: Material, names: readonly string[], now: number): Step | undefined => {
  const newest = new X509Certificate(authorities[0] ?? '');
  const serving = new X509Certificate(certificate);
  if (isDue(newest, now)) return 'authority';
  if (isDue(serving, now) || names.some((name) => serving.checkHost(name) === undefined)) return 'certificate';
  const isKnown = now - startOf(newest) - BACKDATED_MS >= ANNOUNCED_MS;
  return isKnown && !isSignedBy(serving, newest) ? 'certificate' : undefined;
};

export const isValid = (certificate: string, now: number): boolean => Date.parse(new X509Certificate(certificate).validTo) > now;

/** As a TLS connection shows it of its other end. */
export const fingerprintOf = (certificate: string): string => new X509Certificate(certificate).fingerprint256;

const startOf = (certificate: X509Certificate): number => Date.parse(certificate.validFrom);

const isDue = (certificate: X509Certificate, now: number): boolean => {
  const end = Date.parse(certificate.validTo);
  return end - now < (end - startOf(certificate)) / 3;
};

const isSignedBy = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
