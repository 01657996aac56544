// The serving certificate as the replicas share it: a Secret that whoever comes first makes, and whoever sees it due renews.
// Two at the same time are told apart by the version of the Secret; the second one takes what the first one made.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { secretPath } from '../store/cluster/read.ts';
import { type Api, isStatus } from '../store/cluster/request.ts';
import { isValid, type Material, nextStep, type Step } from './certificate.ts';

interface Secret {
  readonly metadata: { readonly resourceVersion: string };
  readonly data?: Readonly<Record<string, string>>;
}

export interface SecretOptions {
  readonly api: Api;
  readonly namespace: string;
  /** The names that the API server will look for in the certificate. */
  readonly names: readonly string[];
  readonly now: number;
}

const SECRET_NAME = 'berth-log-api-tls';
const TRIES = 5;

/** What is to be served now, renewed where that was due. */
export const keepServingSecret = async (options: SecretOptions): Promise<Material> => {
  for (let tries = 1; ; tries += 1) {
    const stored = await read(options);
    const known = stored && materialOf(stored.data ?? {});
    const step = known && nextStep(known, options.names, options.now);
    if (known !== undefined && step === undefined) return known;
    const made = known === undefined ? await begin(options) : await renew(known, step ?? 'certificate', options);
    try {
      await write(options, made, stored?.metadata.resourceVersion);
      return made;
    } catch (error) {
      if (!isStatus(error, 409) || tries === TRIES) throw error;
    }
  }
};

const begin = async ({ names, now }: SecretOptions): Promise<Material> => {
  const { signAuthority, signServing } = await import('./sign.ts');
  const authority = await signAuthority(now);
  const serving = await signServing(authority, names, now);
  return { authorities: [authority.certificate], authorityKey: authority.key, ...serving };
};

const renew = async (known: Material, step: Step, { names, now }: SecretOptions): Promise<Material> => {
  const { signAuthority, signServing } = await import('./sign.ts');
  const authorities = known.authorities.filter((authority) => isValid(authority, now));
  if (step === 'certificate') {
    const authority = { certificate: known.authorities[0] ?? '', key: known.authorityKey };
    return { ...known, authorities, ...(await signServing(authority, names, now)) };
  }
  const authority = await signAuthority(now);
  return { ...known, authorities: [authority.certificate, ...authorities], authorityKey: authority.key };
};

const read = async ({ api, namespace }: SecretOptions): Promise<Secret | undefined> => {
  try {
    return await api.send<Secret>({ doing: `read secret ${namespace}/${SECRET_NAME}`, path: secretPath({ namespace, name: SECRET_NAME }) });
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
};

const write = async ({ api, namespace }: SecretOptions, material: Material, resourceVersion: string | undefined): Promise<void> => {
  const path = secretPath({ namespace, name: SECRET_NAME });
  const data = {
    'ca.crt': material.authorities.join(''),
    'ca.key': material.authorityKey,
    'tls.crt': material.certificate,
    'tls.key': material.key,
  };
  const metadata = { name: SECRET_NAME, namespace, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
  await api.send({
    doing: `write secret ${namespace}/${SECRET_NAME}`,
    query: { fieldManager: 'berth-controller' },
    body: { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, data: encoded },
    ...(resourceVersion === undefined
      ? { method: 'POST' as const, path: path.slice(0, path.lastIndexOf('/')) }
      : { method: 'PUT' as const, path }),
  });
};

/** Undefined for what cannot be served: emptied, cut, or two halves that do not belong together. It is made anew then. */
const materialOf = (data: Readonly<Record<string, string>>): Material | undefined => {
  const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString('utf8');
  const authorities = certificatesOf(text('ca.crt'));
  const material = { authorities, authorityKey: text('ca.key'), certificate: text('tls.crt'), key: text('tls.key') };
  try {
    return isWhole(material) ? material : undefined;
  } catch {
    return undefined;
  }
};

export const certificatesOf = (pem: string): readonly string[] =>
  [...pem.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g)].map(([text]) =>
    text.endsWith('\n') ? text : `${text}\n`,
  );

const isWhole = ({ authorities: [newest = ''], authorityKey, certificate, key }: Material): boolean =>
  new X509Certificate(newest).checkPrivateKey(createPrivateKey(authorityKey)) &&
  new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
