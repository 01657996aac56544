// The API server's audit log: who asked for what, and whether it was granted.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Entry {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly responseStatus?: { readonly code?: number };
}

export interface Audit {
  /** For the API server. */
  readonly flags: readonly string[];
  /** What Berth, as this user, was granted, as `verb resource[/subresource].group`, and what not, as told by the server. */
  read(user: string): { readonly granted: Set<string>; readonly denied: readonly string[] };
}

export const auditIn = (folder: string): Audit => {
  const [policy, log] = [join(folder, 'audit-policy.json'), join(folder, 'audit.log')];
  const rules = [{ level: 'Metadata', omitStages: ['RequestReceived'] }];
  writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }));
  return {
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking'],
    read: (user) => {
      const lines = readFileSync(log, 'utf8').trim().split('\n');
      const asked = lines
        .map((line) => JSON.parse(line) as Entry)
        .filter(({ user: { username }, userAgent }) => username === user && userAgent === 'berth');
      const isDenied = ({ responseStatus }: Entry): boolean => responseStatus?.code === 403 || responseStatus?.code === 401;
      return {
        granted: new Set(asked.filter((entry) => !isDenied(entry)).map(named)),
        denied: asked.filter(isDenied).map(({ verb, requestURI }) => `${verb} ${requestURI}`),
      };
    },
  };
};

const named = ({ verb, requestURI, objectRef: { apiGroup = '', resource, subresource } = {} }: Entry): string =>
  resource === undefined
    ? `${verb} ${requestURI}`
    : `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}${apiGroup === '' ? '' : `.${apiGroup}`}`;
