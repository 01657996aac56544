// What people are told to do when a login fails.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loginHint } from '../../../controller/provider/azure/login-hint.ts';

const test = suite('azure provider: failed logins');

const ROWS: readonly (readonly [said: string, told: string])[] = [
  [
    "AADSTS700213: No matching federated identity record found for presented assertion subject 'system:serviceaccount:ns:sa'.",
    'Azure login failed (AADSTS700213): no federated credential matches this workload (system:serviceaccount:ns:sa): run az identity federated-credential create --identity-name NAME --resource-group GROUP --name berth --subject system:serviceaccount:ns:sa --issuer ISSUER',
  ],
  [
    'AADSTS70021: No matching federated identity record found.',
    'Azure login failed (AADSTS70021): no federated credential matches this workload (SUBJECT): run az identity federated-credential create --identity-name NAME --resource-group GROUP --name berth --subject SUBJECT --issuer ISSUER',
  ],
  [
    'AADSTS7000215: Invalid client secret.',
    'Azure login failed (AADSTS7000215): the client secret is wrong: set AZURE_CLIENT_SECRET to its value, not its id',
  ],
  ['AADSTS50076: MFA', 'Azure login failed (AADSTS50076): it needs a second factor: run az login again'],
  ['AADSTS700082: expired', 'Azure login failed (AADSTS700082): the login has ended: run az login'],
  ['AADSTS999999: What now?', 'Azure login failed (AADSTS999999): AADSTS999999: What now?; check identity.credential of the pool'],
  [
    'Azure CLI could not be found. Please visit https://aka.ms/azure-cli',
    'Azure login failed: the Azure CLI is not installed: see https://aka.ms/azure-cli, or set identity.credential',
  ],
  ["ENOENT: no such file or directory, open '/var/token'", 'Azure login failed: the federated token file is not there (/var/token)'],
  ['ENOENT', 'Azure login failed: the federated token file is not there (AZURE_FEDERATED_TOKEN_FILE)'],
];

for (const [said, told] of ROWS) {
  test(`${said.slice(0, 30)}…`, () => {
    assert.is(loginHint({ message: said }), told);
  });
}

test('of a chain, what failed is told and not what was never set up', () => {
  const told = loginHint({
    message: 'CredentialUnavailableError: EnvironmentCredential is unavailable.',
    details: [
      { message: 'EnvironmentCredential is unavailable. No environment variables.' },
      { message: 'invalid_client: AADSTS90002: Tenant not found.' },
      { message: 'Azure CLI could not be found.' },
      {},
    ],
  });
  assert.is(told, 'Azure login failed (AADSTS90002): there is no such tenant: check AZURE_TENANT_ID');
});

test('of a chain of which nothing was set up, its own words are told', () => {
  const message = 'ManagedIdentityCredential is unavailable.';
  assert.is(loginHint({ message }), 'Azure login failed: ManagedIdentityCredential is unavailable; check identity.credential of the pool');
});

test.run();
