// Makes the machine of a VM object: one request where all goes well. Its name is the VM object's alone, so Azure itself refuses
// a second one, whatever was forgotten in a crash; a request whose end is not known is looked up before anything else is tried.
import type { VirtualMachine } from '@azure/arm-compute';
import { timestamp } from '../../api/clock.ts';
import { OperatorError } from '../../api/error.ts';
import type { VM, VMPool } from '../../api/types.generated.ts';
import { AzureFailure } from './azure-failure.ts';
import type { AzurePool } from './azure-pool.ts';
import type { Candidate } from './candidates.ts';
import { classifyError, type Verdict } from './classify-error.ts';
import { callOptions } from './clients.ts';
import { cloudConfig } from './cloud-init.ts';
import { makeInterface } from './explicit-network.ts';
import { deriveKey } from './keys.ts';
import { isOurs, machineNames, machineTags, vmUIDOf } from './names.ts';
import { ensureNetwork } from './network.ts';
import { quotaHint } from './quota-hint.ts';
import { vmBody } from './vm-body.ts';
import { factsOf, nextCandidate, offeringsOf } from './walk.ts';

/** More ways to ask than a pool has are a circle. */
const MOST_TRIES = 64;

export const makeMachine = async (azure: AzurePool, vm: VM, pool: VMPool, signal: AbortSignal): Promise<void> => {
  if (await adopt(azure, vm, pool, signal)) return;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const candidate = await chooseCandidate(azure, vm, pool, signal);
    const refused = await tryCandidate(azure, vm, pool, candidate, signal);
    if (!refused || (await settle(azure, vm, pool, refused, signal))) return;
  }
  throw new OperatorError('bug', `no end to the ways in which machine ${machineNames(vm.metadata.uid).vm} was asked for`);
};

/** Whether it is there already. */
const adopt = async (azure: AzurePool, vm: VM, pool: VMPool, signal: AbortSignal): Promise<boolean> => {
  const { uid } = vm.metadata;
  const { vm: name } = machineNames(uid);
  // Where it is not to be asked for now, it is not looked for either: that region wants to hear nothing.
  const { size, region: wanted } = vm.spec;
  const region = azure.regionOf(uid) ?? nextCandidate(azure.market(pool), { size, region: wanted })?.region;
  const found = await azure.lister.get(name, signal, region).catch((error: unknown) => {
    throw azure.explain(error, region);
  });
  if (!found) return false;
  const { id } = await azure.installation();
  if (!isOurs(found.tags, id) || vmUIDOf(found.tags) !== uid) {
    throw new OperatorError(
      'denied',
      `${name} in resource group ${azure.settings.resourceGroup} was not made for this VM: remove or rename it`,
    );
  }
  azure.known.note(uid, found);
  return true;
};

const chooseCandidate = async (azure: AzurePool, { spec }: VM, pool: VMPool, signal: AbortSignal): Promise<Candidate> => {
  const wanted = { size: spec.size, region: spec.region };
  // What is read for one candidate may rule it out, and lead to a region of which nothing is known yet.
  for (let read: string | undefined; ; ) {
    const candidate = nextCandidate(azure.market(pool), wanted);
    if (!candidate) throw nothingLeft(azure, pool, wanted);
    if (candidate.region === read) return candidate;
    read = candidate.region;
    await azure.learnRegion(read, signal);
  }
};

const nothingLeft = (azure: AzurePool, pool: VMPool, wanted: { size: string; region: string | undefined }): OperatorError => {
  const offerings = offeringsOf(azure.market(pool));
  const ours = offerings.filter(({ size, region }) => size === wanted.size && (wanted.region ?? region) === region);
  const refused = ours.find(({ reason }) => reason === 'ProviderNotReady');
  if (refused) return new OperatorError('denied', refused.message ?? 'Azure is not to be used', { reason: 'ProviderNotReady' });
  const { region } = wanted;
  const { error, hint } = quotaHint(offerings, { size: wanted.size, ...(region === undefined ? {} : { region }) });
  return new OperatorError('quota', hint === undefined ? error : `${error}. ${hint}`, { reason: 'QuotaExceeded' });
};

/** Undefined where Azure has taken it over. */
const tryCandidate = async (
  azure: AzurePool,
  vm: VM,
  pool: VMPool,
  candidate: Candidate,
  signal: AbortSignal,
): Promise<Verdict | undefined> => {
  const { uid } = vm.metadata;
  const names = machineNames(uid);
  const facts = factsOf(azure.market(pool), candidate);
  const wasThere = azure.knowsNetwork(candidate.region);
  try {
    const body = await bodyFor(azure, vm, pool, candidate, signal);
    await azure.azure.call(({ compute }) => put(compute, azure.settings.resourceGroup, names.vm, body, signal));
    const { osProfile: _secret, ...rest } = body;
    azure.known.note(uid, { ...rest, id: await azure.machineID(names.vm), name: names.vm, provisioningState: 'Creating' });
    azure.asked(candidate, facts);
    azure.forgetFailures(uid);
    return undefined;
  } catch (error) {
    if (!(error instanceof AzureFailure)) throw error;
    const verdict = classifyError(error.refusal, {
      ...candidate,
      name: names.vm,
      facts,
      failures: azure.countFailure(uid, error.refusal.code ?? ''),
    });
    // Somebody has deleted what was there a while ago: it is made again.
    if (verdict.reason === 'NetworkMissing' && wasThere) {
      azure.forgetNetworks();
      return tryCandidate(azure, vm, pool, candidate, signal);
    }
    azure.block(verdict, { ...candidate, name: names.vm, facts });
    return verdict;
  }
};

type Compute = Parameters<Parameters<AzurePool['azure']['call']>[0]>[0]['compute'];

/** Resolves with the first answer: how it goes on is seen in the list. */
const put = async (compute: Compute, group: string, name: string, body: VirtualMachine, signal: AbortSignal): Promise<void> => {
  const options = { ...callOptions(body.location, signal), ifNoneMatch: '*' };
  const poller = compute.virtualMachines.createOrUpdate(group, name, body, options);
  await poller.submitted();
};

const bodyFor = async (azure: AzurePool, vm: VM, pool: VMPool, candidate: Candidate, signal: AbortSignal): Promise<VirtualMachine> => {
  const { settings } = azure;
  const { id, secret } = await azure.installation();
  const { uid } = vm.metadata;
  const names = machineNames(uid);
  const tags = machineTags(id, pool, vm, timestamp(azure.clock.now()));
  const facts = factsOf(azure.market(pool), candidate);
  const shared = await azure.network(candidate.region, () =>
    ensureNetwork(
      azure.azure,
      { settings, installationID: id, tags: azure.poolTags(id), region: candidate.region, sources: azure.sources },
      signal,
    ),
  );
  const loginKey = deriveKey(secret, uid, 'login').publicKey;
  const customData = cloudConfig({
    hostKey: deriveKey(secret, uid, 'host-1'),
    loginKey,
    setupScript: settings.setupScript,
    deadMansSwitch: {
      idleSeconds: settings.deadMansSwitchSeconds,
      maxSeconds: settings.deadMansSwitchMaxSeconds,
      self:
        settings.identity.userAssignedID === undefined
          ? undefined
          : {
              resourceID: await azure.machineID(names.vm),
              identityID: settings.identity.userAssignedID,
              ephemeral: settings.osDisk.ephemeral,
            },
    },
  });
  const network =
    settings.network.mode === 'Explicit'
      ? { nicID: await makeInterface(azure.azure, { settings, names, tags, facts, region: candidate.region, shared }, signal) }
      : shared;
  return vmBody({ settings, candidate, facts, names, tags, loginKey, customData: Buffer.from(customData).toString('base64'), network });
};

/** True where it is there after all; false where another way is to be tried. Throws where that does not help. */
const settle = async (
  azure: AzurePool,
  vm: VM,
  pool: VMPool,
  { decision, errorCode, message, reason, coolDownMs }: Verdict,
  signal: AbortSignal,
): Promise<boolean> => {
  switch (decision) {
    case 'OtherZone':
    case 'OtherSize':
    case 'OtherRegion':
    case 'OtherPrice':
      return false;
    case 'Adopt':
      if (await adopt(azure, vm, pool, signal)) return true;
      throw new OperatorError('unavailable', message);
    case 'RetryHere':
    case 'Gone':
      throw new OperatorError(errorCode, message, { retryAfterMs: coolDownMs });
    case 'HaltPool':
    case 'HaltProvider':
    case 'FailMachine':
      throw new OperatorError(errorCode, message, { reason });
  }
};
