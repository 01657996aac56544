// Who sends a request: a user that the API server speaks for, one of our own replicas, or nobody we know. Pure.
import type { Trust } from './trust.ts';

/** What TLS found out about who is at the other end. */
export interface Peer {
  /** It showed a certificate of the request-header CA, and has its key. */
  readonly isTrusted: boolean;
  readonly commonName: string | undefined;
  /** SHA-256, as Node prints it; undefined without a certificate. */
  readonly fingerprint: string | undefined;
}

export interface User {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export type Caller =
  | { readonly type: 'user'; readonly user: User }
  | { readonly type: 'replica' }
  | { readonly type: 'unknown'; readonly why: string };

type Headers = Readonly<Record<string, readonly string[] | undefined>>;

/** `own`: fingerprints of our serving certificate, which only replicas have the key of. */
export const identify = (peer: Peer, headers: Headers, trust: Trust, own: ReadonlySet<string>): Caller => {
  if (peer.fingerprint === undefined) return unknown('no client certificate: requests come through the API server');
  if (own.has(peer.fingerprint)) return { type: 'replica' };
  if (!peer.isTrusted) return unknown('the client certificate is not of the request-header CA');
  const { allowedNames } = trust;
  if (allowedNames.length > 0 && !allowedNames.includes(peer.commonName ?? ''))
    return unknown(`the client certificate's name ${JSON.stringify(peer.commonName ?? '')} is not among those allowed`);
  const user = first(headers, trust.userHeaders);
  if (user === undefined) return unknown(`no user: none of the headers ${trust.userHeaders.join(', ')}`);
  const uid = first(headers, trust.uidHeaders);
  return {
    type: 'user',
    user: {
      user,
      ...(uid === undefined ? {} : { uid }),
      groups: trust.groupHeaders.flatMap((name) => headers[name] ?? []),
      extra: extraOf(headers, trust.extraPrefixes),
    },
  };
};

const unknown = (why: string): Caller => ({ type: 'unknown', why });

const first = (headers: Headers, names: readonly string[]): string | undefined =>
  names.map((name) => headers[name]?.[0]).find((value) => value !== undefined && value !== '');

const extraOf = (headers: Headers, prefixes: readonly string[]): User['extra'] => {
  const extra = new Map<string, string[]>();
  for (const [name, values = []] of Object.entries(headers)) {
    const prefix = prefixes.find((candidate) => name.startsWith(candidate));
    if (prefix === undefined) continue;
    const key = unescaped(name.slice(prefix.length));
    extra.set(key, [...(extra.get(key) ?? []), ...values]);
  }
  return Object.fromEntries(extra);
};

/** Keys are percent-encoded, for a header's name may not have a slash in it. */
const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
