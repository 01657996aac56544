// What a failed login means and how to mend it (AZURE.md, section 4): Entra's numbers, and the errors of the SDK's credentials.
import type { Refusal } from './classify-error.ts';

export const loginHint = ({ message, details = [] }: Pick<Refusal, 'message' | 'details'>): string => {
  // A chain reports all that it tried: what was never set up hides what failed.
  const all = [message, ...details.map((detail) => detail.message ?? '')];
  const tried = all.filter((text) => text !== '' && !/is unavailable|CredentialUnavailable/i.test(text));
  const told = tried.find((text) => /AADSTS\d/.test(text)) ?? tried.at(-1) ?? message;
  const number = /AADSTS(?<number>\d+)/.exec(told)?.groups?.number;
  const hint = (number === undefined ? undefined : HINTS[number]) ?? BY_TEXT.find(([text]) => text.test(told))?.[1] ?? LOOK;
  return `Azure login failed${number === undefined ? '' : ` (AADSTS${number})`}: ${typeof hint === 'string' ? hint : hint(told)}`;
};

type Hint = string | ((told: string) => string);

const LOG_IN = 'the login has ended: run az login';

const federated: Hint = (told) => {
  const subject = /subject '([^']+)'/.exec(told)?.[1] ?? 'SUBJECT';
  const create = `az identity federated-credential create --identity-name NAME --resource-group GROUP --name berth --subject ${subject}`;
  return `no federated credential matches this workload (${subject}): run ${create} --issuer ISSUER`;
};

const HINTS: Readonly<Record<string, Hint>> = {
  '70021': federated,
  '700213': federated,
  '7000222': "the app's client secret has expired: make a new one and set AZURE_CLIENT_SECRET",
  '7000215': 'the client secret is wrong: set AZURE_CLIENT_SECRET to its value, not its id',
  '700016': 'the app is not in this tenant: check AZURE_CLIENT_ID and AZURE_TENANT_ID',
  '90002': 'there is no such tenant: check AZURE_TENANT_ID',
  '50076': 'it needs a second factor: run az login again',
  '50079': 'it needs a second factor: run az login again',
  '700082': LOG_IN,
  '50173': LOG_IN,
  '53003': 'conditional access forbids it from here: ask the administrator of the tenant',
};

const BY_TEXT: readonly (readonly [RegExp, Hint])[] = [
  [/Azure CLI (could )?not (be )?found/i, 'the Azure CLI is not installed: see https://aka.ms/azure-cli, or set identity.credential'],
  [/az login/i, 'nobody is logged in: run az login'],
  [/ENOENT/, (told) => `the federated token file is not there (${/'([^']+)'/.exec(told)?.[1] ?? 'AZURE_FEDERATED_TOKEN_FILE'})`],
];

const LOOK: Hint = (told) =>
  `${told.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 300)}; check identity.credential of the pool`;
