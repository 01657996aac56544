// The sign-in service on the same host: any client, secret or assertion gets a token, unless the control API says otherwise.
import { randomUUID } from 'node:crypto';
import { refuse } from './arm-error.ts';
import type { Answer, Azure } from './azure.ts';

const LIFETIME_S = 3_600;
const WORDS: Readonly<Record<string, string>> = {
  '700213': "No matching federated identity record found for presented assertion subject 'system:serviceaccount:fake:fake'.",
  '7000222': "The provided client secret keys for app 'fake' are expired.",
  '7000215': 'Invalid client secret provided.',
  '700016': "Application with identifier 'fake' was not found in the directory 'fake'.",
  '90002': "Tenant 'fake' not found.",
};

/** Undefined: the path is not of the sign-in service. */
export const signIn = (azure: Azure, base: string, path: string, form: URLSearchParams): Answer | undefined => {
  const discovery = /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/.exec(path);
  if (discovery) {
    const authority = `${base}/${discovery[1]}`;
    return {
      status: 200,
      body: {
        token_endpoint: `${authority}/oauth2/v2.0/token`,
        authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
        issuer: `${authority}/v2.0`,
        jwks_uri: `${authority}/discovery/v2.0/keys`,
      },
    };
  }
  if (!/^\/[^/]+\/oauth2\/v2\.0\/token$/.test(path)) return undefined;
  const code = azure.world.faults.entra;
  if (code !== undefined) {
    const description = `AADSTS${code}: ${WORDS[code] ?? 'An injected refusal.'} Trace ID: ${randomUUID()}`;
    return { status: 401, body: { error: 'invalid_client', error_description: description, error_codes: [Number(code)] } };
  }
  const principal = form.get('client_id') ?? 'fake';
  return { status: 200, body: { token_type: 'Bearer', expires_in: LIFETIME_S, access_token: issue(azure, principal) } };
};

/** A token that is good for an hour of real time: the SDKs keep it as long. */
export const issue = ({ world }: Azure, principal: string): string => {
  const token = `fake.${randomUUID()}`;
  for (const [old, { until }] of world.tokens) if (until < Date.now()) world.tokens.delete(old);
  world.tokens.set(token, { until: Date.now() + LIFETIME_S * 1000, principal });
  return token;
};

/** Whose the token is. */
export const authenticate = ({ world }: Azure, header: string | undefined): string => {
  const token = /^Bearer (.+)$/.exec(header ?? '')?.[1];
  const challenge = { 'WWW-Authenticate': 'Bearer authorization_uri="https://login.microsoftonline.com/fake", error="invalid_token"' };
  const deny = (code: string, message: string): Error => Object.assign(refuse(401, code, message), { headers: challenge });
  if (token === undefined) throw deny('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
  const found = world.tokens.get(token);
  if (!found) throw deny('InvalidAuthenticationToken', 'The access token is invalid.');
  if (found.until > Date.now()) return found.principal;
  const times = [found.until, Date.now()].map((time) => new Date(time).toISOString());
  throw deny(
    'ExpiredAuthenticationToken',
    `The access token expiry UTC time '${times[0]}' is earlier than current UTC time '${times[1]}'.`,
  );
};
